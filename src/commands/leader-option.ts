export const defaultLeader = 'ctrl-]'

export const leaderOption = { leader: { type: 'string' } } as const

export const leaderHelp = `  --leader KEY         the one key that is Chaperone's: ctrl-], ctrl-\\, ctrl-g, ctrl-space,
                       f12 …; default ctrl-]`
