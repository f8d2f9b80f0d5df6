import 'reflect-metadata'
import { Pkcs10CertificateRequest } from '@peculiar/x509'

/** A PEM certificate request (RFC 2986); undefined when it cannot be read. */
export function readRequest(pem: string): Pkcs10CertificateRequest | undefined {
  try {
    return new Pkcs10CertificateRequest(pem)
  } catch {
    return undefined
  }
}

/** The organisations in the subject of a PEM certificate request, which become groups. */
export function organisationsOf(pem: string): readonly string[] {
  return readRequest(pem)?.subjectName.getField('O') ?? []
}
