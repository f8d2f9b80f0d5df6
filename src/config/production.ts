/**
 * React's development build makes each Ink frame twice as dear (14 ms instead of 6.5 on 120×40): main imports this
 * file before anything that loads React.
 */
process.env['NODE_ENV'] ??= 'production'
