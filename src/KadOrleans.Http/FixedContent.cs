using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http;

/// <summary>A response that is the same for everybody as long as the process runs, so that a request for it costs next to nothing.</summary>
internal sealed record FixedContent(byte[] Content, string Type, EntityTagHeaderValue Tag)
{
    public static FixedContent Of(byte[] content, string type) =>
        new(content, type, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}\""));

    public IResult Respond(HttpContext context)
    {
        // A newer build has other content under the same path.
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(Content, Type, entityTag: Tag);
    }
}
