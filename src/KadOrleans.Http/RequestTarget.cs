using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Patterns;

namespace KadOrleans.Http;

// Refuses a request whose path means one thing as it was sent and another as it is routed: who passes requests on by their path, or logs
// them, would take it for another one. The server resolves dot segments and percent-encoding before it routes, and leaves %2F as it is. Below
// /v1 the values of a route are those that were sent, decoded once, so %2F and %252F are two texts.
internal static class RequestTarget
{
    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (FindProblemOfQuery(target) is { } wrong)
        {
            return Refuse(wrong);
        }

        var path = PathOf(target);
        if (!path.Contains('%', StringComparison.Ordinal) && !path.Contains("/.", StringComparison.Ordinal))
        {
            return next(context);
        }

        var sent = path.Split('/');
        var decoded = new string[sent.Length];
        for (var i = 0; i < sent.Length; i++)
        {
            if (FindProblem(sent[i], out decoded[i]) is { } problem)
            {
                return Refuse(problem);
            }
        }

        return context.GetEndpoint() is RouteEndpoint { RoutePattern: var pattern } endpoint && endpoint.Metadata.GetMetadata<AsSent>() is not null
            && (FindDifference(context.Request, sent, out var taken)
                ?? FindDifference(pattern, sent[taken..], decoded[taken..], context.Request.RouteValues)) is { } difference
            ? Refuse(difference)
            : next(context);

        Task Refuse(string sentence) => ApiProblem.Create(StatusCodes.Status400BadRequest, sentence).ExecuteAsync(context);
    }

    // The target of a request to a proxy has scheme and host before its path, and others have no path.
    private static string PathOf(string target)
    {
        var whole = target.Split('?', 2)[0];
        if (whole.StartsWith('/'))
        {
            return whole;
        }

        var host = whole.IndexOf("://", StringComparison.Ordinal);
        return host >= 0 && whole.IndexOf('/', host + "://".Length) is >= 0 and var start ? whole[start..] : string.Empty;
    }

    // A name or a value that is no text would be taken for the text of its percent-encoding.
    private static string? FindProblemOfQuery(string target) => target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var start
        && target.IndexOf('%', start) >= 0
        ? target[(start + 1)..].Split('&', '=').Select(part =>
            !TryDecode(part, out var bytes) ? Broken("query", part)
            : !Utf8.IsValid(bytes) ? $"The query has '{VisibleText.Excerpt(part)}', which is not UTF-8 text in percent-encoding."
            : null).FirstOrDefault(problem => problem is not null)
        : null;

    private static string Broken(string what, string sent) =>
        $"The {what} has '{VisibleText.Excerpt(sent)}', where a % is not followed by two hexadecimal digits.";

    // What is wrong with a segment of a path, and else its text.
    private static string? FindProblem(string sent, out string text)
    {
        text = sent;
        if (sent.Contains('%', StringComparison.Ordinal))
        {
            if (!TryDecode(sent, out var bytes))
            {
                return Broken("path", sent);
            }

            if (!Utf8.IsValid(bytes))
            {
                return $"The path has '{VisibleText.Excerpt(sent)}', which is not UTF-8 text in percent-encoding; a key of other bytes is named by its digest, with as=digest.";
            }

            text = Encoding.UTF8.GetString(bytes);
        }

        return text is "." or ".."
            ? $"The path has the segment '{VisibleText.Excerpt(sent)}', which is resolved on the way here; a key with that text is named by its digest, with as=digest."
            : null;
    }

    // A target is ASCII: the server takes no other.
    private static bool TryDecode(string sent, out ReadOnlySpan<byte> bytes)
    {
        var (octets, count) = (new byte[sent.Length], 0);
        for (var at = 0; at < sent.Length; at++)
        {
            if (sent[at] != '%')
            {
                octets[count++] = (byte)sent[at];
            }
            else if (sent.Length - at > 2 && byte.TryParse(sent.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
            {
                octets[count++] = octet;
                at += 2;
            }
            else
            {
                bytes = [];
                return false;
            }
        }

        bytes = octets.AsSpan(0, count);
        return true;
    }

    // Compares the segments that the app took off the path before it was routed, by UsePathBase, with its base. A base that a proxy took off
    // was not sent. The routed path has as many segments as were sent of it, since none is a dot segment and %2F stays as it is.
    private static string? FindDifference(HttpRequest request, string[] sent, out int taken)
    {
        taken = request.PathBase.HasValue ? Math.Max(0, sent.Length - (request.Path.Value ?? string.Empty).Split('/').Length) : 0;
        var (given, needed) = (string.Join('/', sent[..(taken + 1)]), request.PathBase.ToUriComponent());
        return taken > 0 && !given.Equals(needed, StringComparison.OrdinalIgnoreCase) ? Difference(given, needed) : null;
    }

    // Compares a path with its route's pattern, and gives the route the values that were sent. The router lets a slash follow.
    private static string? FindDifference(RoutePattern pattern, string[] sent, string[] decoded, RouteValueDictionary values)
    {
        foreach (var (place, segment) in pattern.PathSegments.Index())
        {
            // The first is what is before the path's first slash.
            var at = place + 1;
            switch (segment.Parts)
            {
                case [RoutePatternLiteralPart literal] when at >= sent.Length || !sent[at].Equals(literal.Content, StringComparison.OrdinalIgnoreCase):
                    return Difference(sent.ElementAtOrDefault(at) ?? string.Empty, literal.Content);
                case [RoutePatternParameterPart, RoutePatternLiteralPart method]
                    when at < sent.Length && !sent[at].EndsWith(method.Content, StringComparison.OrdinalIgnoreCase):
                    return $"The path has '{VisibleText.Excerpt(sent[at])}', whose end '{method.Content}' must be sent as it is.";
                case [RoutePatternParameterPart parameter, RoutePatternLiteralPart method] when at < sent.Length:
                    values[parameter.Name] = decoded[at][..^method.Content.Length];
                    break;
                case [RoutePatternParameterPart { IsCatchAll: false } parameter] when at < sent.Length:
                    values[parameter.Name] = decoded[at];
                    break;
            }
        }

        return null;
    }

    private static string Difference(string given, string needed) =>
        $"The path has '{VisibleText.Excerpt(given)}' in the place of '{needed}', which must be sent as it is.";

    /// <summary>The mark of endpoints whose paths must be sent as they are routed.</summary>
    public sealed class AsSent;
}
