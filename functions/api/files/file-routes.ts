import { CreateFileRequest, FileResource } from '../../../domain/contract/file-api.ts';
import { FileId } from '../../../domain/contract/file.ts';
import { BODY_PROBLEMS, type ApiRoute, type HeaderDoc } from '../route.ts';
import { createFile, deleteFile, getFile } from './files.ts';

const ID = { id: { description: 'the id of a file', schema: FileId } };
const LOCATION: HeaderDoc = {
  name: 'Location',
  description: 'The address of the file.',
  schema: { type: 'string', format: 'uri-reference' },
};
const REPLAYED: HeaderDoc = {
  name: 'Idempotent-Replayed',
  description: '`true`: this key and body made the file before.',
  schema: { type: 'string', const: 'true' },
};

/** The operations on files that jobs take as inputs: rows of `API_ROUTES`. */
export const FILE_ROUTES: readonly ApiRoute[] = [
  {
    method: 'POST',
    path: '/v1/files',
    operation: 'createFile',
    scope: 'submit',
    summary: 'Declare a file, to upload it',
    headers: [
      {
        name: 'Idempotency-Key',
        description:
          'Makes the request safe to repeat: 1 to 255 visible ASCII characters of your choice, one for each file.',
        schema: { type: 'string', minLength: 1, maxLength: 255 },
      },
    ],
    body: CreateFileRequest,
    answers: [
      { status: 201, description: 'The file, and how its bytes are sent.', schema: FileResource, headers: [LOCATION] },
      {
        status: 200,
        description: 'The file that this key and body made before, as it is now.',
        schema: FileResource,
        headers: [LOCATION, REPLAYED],
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
