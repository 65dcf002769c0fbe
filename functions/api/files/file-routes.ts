import { CreateFileRequest, FileResource } from '../../../domain/contract/file-api.ts';
import { FileId } from '../../../domain/contract/file.ts';
import { keyedHeaders } from '../keyed-headers.ts';
import { BODY_PROBLEMS, type ApiRoute } from '../route.ts';
import { createFile, deleteFile, getFile } from './files.ts';

const { key, location, replayed } = keyedHeaders('file');
const ID = { id: { description: 'the id of a file', schema: FileId } };

/** The operations on files that jobs take as inputs: rows of `API_ROUTES`. */
export const FILE_ROUTES: readonly ApiRoute[] = [
  {
    method: 'POST',
    path: '/v1/files',
    operation: 'createFile',
    scope: 'submit',
    summary: 'Declare a file, to upload it',
    headers: [key],
    body: CreateFileRequest,
    bodyExample: {
      name: 'deck.pdf',
      contentType: 'application/pdf',
      sizeBytes: 1_048_576,
      sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    },
    answers: [
      { status: 201, description: 'The file, and how its bytes are sent.', schema: FileResource, headers: [location] },
      {
        status: 200,
        description: 'The file that this key and body made before, as it is now.',
        schema: FileResource,
        headers: [location, replayed],
      },
    ],
    problems: [...BODY_PROBLEMS, 'invalid_input', 'idempotency_key_reused'],
    handle: createFile,
  },
  {
    method: 'GET',
    path: '/v1/files/{id}',
    operation: 'getFile',
    scope: 'read',
    summary: 'Read a file’s particulars, and get an address to upload or download it',
    params: ID,
    answers: [{ status: 200, description: 'The file.', schema: FileResource }],
    problems: ['not_found'],
    handle: getFile,
  },
  {
    method: 'DELETE',
    path: '/v1/files/{id}',
    operation: 'deleteFile',
    scope: 'submit',
    summary: 'Delete a file',
    params: ID,
    answers: [{ status: 204, description: 'It is gone; a job that has not begun yet will not find it.', schema: null }],
    problems: ['not_found'],
    handle: deleteFile,
  },
];
