#!/usr/bin/env node
import './config/production.ts'
import { keepCompiledCode } from './config/compile-cache.ts'
import { checkNode } from './config/node-version.ts'

checkNode()
keepCompiledCode()
const { runCommandLine } = await import('./commands/index.ts')
await runCommandLine()
