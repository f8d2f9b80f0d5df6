/** The keys of a replay: what they are called, and what they do. The help is made from this table. */
export const playerKeys = [
  { keys: ['space'], label: 'Space', does: 'pause and go on' },
  { keys: ['left', 'right'], label: '← →', does: 'back and forth 5 seconds' },
  { keys: ['shift-left', 'shift-right'], label: 'Shift ← →', does: 'back and forth a minute' },
  { keys: ['home', 'end'], label: 'Home End', does: 'to the beginning, to the end' },
  { keys: ['g'], label: 'g', does: 'to a time, like 90 or 1:30' },
  { keys: ['-', '+'], label: '- +', does: 'slower and faster' },
  { keys: [',', '.'], label: ', .', does: 'one event back and forth, paused' },
  { keys: ['[', ']'], label: '[ ]', does: 'to the marker before and after' },
  { keys: ['l'], label: 'l', does: 'list of the markers' },
  { keys: ['/'], label: '/', does: 'search in what was put out' },
  { keys: ['n', 'N'], label: 'n N', does: 'to the next place found, and the one before' },
  { keys: ['?'], label: '?', does: 'this help' },
  { keys: ['q'], label: 'q', does: 'end' },
] as const
