using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http;

/// <summary>
/// Refuses a body whose headers say that its bytes are not the content itself: they are encoded, also for the transfer alone, in another charset than
/// UTF-8, or a part. The content would else be stored as something that nobody sent.
/// </summary>
internal static class BodyForm
{
    private const string Charset = "charset";

    // ASCII is UTF-8 too.
    private static readonly string[] Charsets = ["utf-8", "utf8", "us-ascii"];

    /// <exception cref="ApiProblemException">415, 501 for a transfer's encoding (RFC 9112 §6.1), or 400 for a part.</exception>
    public static void Check(HttpRequest request)
    {
        if (FindOther(request.Headers.ContentEncoding, "identity") is { } encoding)
        {
            throw Wrong($"The content encoding is '{VisibleText.Excerpt(encoding)}'; a body as it is, without one, is allowed.");
        }

        if (FindOther(request.Headers.TransferEncoding, "chunked") is { } transfer)
        {
            throw new ApiProblemException(
                ProblemType.WrongTransferEncoding, $"The transfer encoding is '{VisibleText.Excerpt(transfer)}'; chunked is allowed.");
        }

        if (request.Headers.ContentRange.Count > 0)
        {
            // RFC 9110 §14.5: a server that takes no parts refuses it.
            throw ApiProblemException.Wrong("The header Content-Range says that the body is a part; a whole one is needed.");
        }

        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || ValueBody.IsBytes(type))
        {
            // Bytes have no charset. A type that cannot be parsed is no type that is allowed.
            return;
        }

        var charsets = type.Parameters.Where(static parameter => parameter.Name.Equals(Charset, StringComparison.OrdinalIgnoreCase))
            .Select(static parameter => HeaderUtilities.RemoveQuotes(parameter.Value).ToString());
        if (charsets.FirstOrDefault(static charset => !Charsets.Contains(charset, StringComparer.OrdinalIgnoreCase)) is { } other)
        {
            throw Wrong($"The charset is '{VisibleText.Excerpt(other)}'; UTF-8 is allowed. Text in another one can be sent as {ValueBody.Bytes}.");
        }
    }

    // The first coding of a list of them that is another than the one that is allowed; null without one.
    private static string? FindOther(StringValues codings, string allowed) => codings
        .SelectMany(static one => (one ?? string.Empty).Split(',', StringSplitOptions.TrimEntries))
        .FirstOrDefault(one => one.Length > 0 && !one.Equals(allowed, StringComparison.OrdinalIgnoreCase));

    private static ApiProblemException Wrong(string sentence) => new(StatusCodes.Status415UnsupportedMediaType, sentence);
}
