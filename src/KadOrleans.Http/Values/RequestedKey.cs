using KadOrleans.Core;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http.Values;

/// <summary>The key of a request: text, or its digest.</summary>
/// <param name="Digest">The key's id: the SHA-1 of its UTF-8 bytes, if it is text.</param>
/// <param name="Text">The text; null for a digest.</param>
internal readonly record struct RequestedKey(NodeId Digest, string? Text)
{
    /// <summary>The longest text: a request line has at most 8 KiB.</summary>
    public const int MaxLength = 1_024;

    private const string Keys = DhtApi.Root + "/keys/";

    /// <summary>What people are shown.</summary>
    public override string ToString() => Text ?? Digest.ToString();

    /// <summary>Reads the key of a path such as <c>/v1/keys/KEY</c>. A slash within a key is written as %2F.</summary>
    /// <param name="context">The request.</param>
    /// <param name="before">The path before the key.</param>
    /// <exception cref="ApiProblemException">It is too long, or no digest.</exception>
    public static RequestedKey Read(HttpContext context, string before = Keys)
    {
        // The parsed path has %2F and %252F as the same text. A proxy may put scheme and host before the path.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var start = target.IndexOf(before, StringComparison.OrdinalIgnoreCase);
        var key = start < 0
            ? context.GetRouteValue("key") as string
            : Uri.UnescapeDataString(target[(start + before.Length)..].Split('/', '?')[0]);
        return Of(key, context.Request.Query["as"]);
    }

    /// <summary>A key as a request gives it.</summary>
    /// <param name="key">The text or the digest.</param>
    /// <param name="form"><c>text</c> or <c>digest</c>; null is text.</param>
    /// <exception cref="ApiProblemException">It is too long, or no digest.</exception>
    public static RequestedKey Of(string? key, string? form)
    {
        if (string.IsNullOrEmpty(key) || key.Length > MaxLength)
        {
            throw ApiProblemException.Wrong($"The key has {key?.Length ?? 0} characters; 1 to {MaxLength} are allowed.");
        }

        return form switch
        {
            null or "text" => new RequestedKey(NodeId.FromKey(key), key),
            "digest" when NodeId.TryParse(key, out var digest) => new RequestedKey(digest, null),
            "digest" => throw ApiProblemException.Wrong(
                $"The key '{VisibleText.Excerpt(key)}' is no digest; {NodeId.Length * 2} hexadecimal digits are needed."),
            _ => throw ApiProblemException.Wrong($"as is '{VisibleText.Excerpt(form)}'; text or digest is allowed."),
        };
    }
}
