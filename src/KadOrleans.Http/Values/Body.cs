using System.Buffers;
using System.Text.Json;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Http;

namespace KadOrleans.Http.Values;

/// <summary>Reads bodies within a bound. Their endpoints say the same bound to the server, which takes no bodies elsewhere.</summary>
internal static class Body
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <summary>Reads a whole body.</summary>
    /// <param name="request">The request.</param>
    /// <param name="most">The most bytes.</param>
    /// <exception cref="ApiProblemException">It is longer.</exception>
    public static async Task<byte[]> ReadAsync(HttpRequest request, int most)
    {
        try
        {
            var buffer = new ArrayBufferWriter<byte>((int)Math.Clamp(request.ContentLength ?? 0, 1, most));
            while (await request.Body.ReadAsync(buffer.GetMemory(), request.HttpContext.RequestAborted) is var read and > 0)
            {
                buffer.Advance(read);
                if (buffer.WrittenCount > most)
                {
                    throw TooLong(most);
                }
            }

            return buffer.WrittenSpan.ToArray();
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw TooLong(most);
        }
    }

    /// <summary>Parses a body as JSON.</summary>
    /// <exception cref="JsonException">It is no JSON, or names a member twice.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> content)
    {
        using var document = JsonDocument.Parse(content, Strict);
        return document.RootElement.Clone();
    }

    private static ApiProblemException TooLong(int most) =>
        new(StatusCodes.Status413PayloadTooLarge, $"The body is longer than {most} bytes, which are allowed here.");
}
