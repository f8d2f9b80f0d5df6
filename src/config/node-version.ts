const oldest = 24

/** Ends the process with one sentence when Node is too old to run what follows. */
export function checkNode(): void {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= oldest) return
  process.stderr.write(
    `chaperone: This is Node ${process.versions.node}, and Chaperone needs ${oldest} or newer. ` +
      'Use scripts/start, which brings its own, or install a newer Node.\n',
  )
  process.exit(1)
}
