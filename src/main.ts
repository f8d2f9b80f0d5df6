#!/usr/bin/env node
import './config/production.ts'
import { checkNode } from './config/node-version.ts'

checkNode()
const { runCommandLine } = await import('./commands/index.ts')
await runCommandLine()
