using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http;

/// <summary>The conditions of a put: If-Match and If-None-Match (RFC 9110 §13.1). A tag of any form of the value is one of the value.</summary>
internal sealed class TagConditions
{
    private readonly IList<EntityTagHeaderValue> _match;
    private readonly IList<EntityTagHeaderValue> _noneMatch;

    // What was found last.
    private DhtValue? _found;

    private TagConditions(IList<EntityTagHeaderValue> match, IList<EntityTagHeaderValue> noneMatch) => (_match, _noneMatch) = (match, noneMatch);

    /// <summary>The conditions of a request; null if it has none.</summary>
    public static TagConditions? Read(HttpRequest request)
    {
        var (match, noneMatch) = (ReadMatch(request), Parse(HeaderNames.IfNoneMatch, request.Headers.IfNoneMatch));
        return match.Count + noneMatch.Count > 0 ? new TagConditions(match, noneMatch) : null;
    }

    /// <summary>The tags of If-Match; none without it.</summary>
    public static IList<EntityTagHeaderValue> ReadMatch(HttpRequest request) => Parse(HeaderNames.IfMatch, request.Headers.IfMatch);

    /// <summary>Refuses the conditions of a request that would do its work whatever they are.</summary>
    public static void CheckNone(HttpRequest request)
    {
        if (Read(request) is not null)
        {
            throw ApiProblemException.Wrong($"If-Match or If-None-Match is set; a {request.Method} has no condition.");
        }
    }

    /// <summary>
    /// Whether a value may be put over another one. Under If-Match also if it is there already: the response to a put that is tried again may
    /// have been lost (§13.1.1).
    /// </summary>
    public bool Allow(DhtValue? found, DhtValue offered)
    {
        _found = found;
        var tags = found is { } value ? ValueBody.TagsOf(value) : [];
        return (_match.Count == 0 || found == offered || Matches(_match, tags, isStrong: true)) && !Matches(_noneMatch, tags, isStrong: false);
    }

    /// <summary>Which condition did not hold.</summary>
    public ApiProblemException Failed()
    {
        var tags = _found is { } value ? ValueBody.TagsOf(value) : [];
        var failed = Matches(_noneMatch, tags, isStrong: false) ? HeaderNames.IfNoneMatch : HeaderNames.IfMatch;
        return new ApiProblemException(
            ProblemType.ConditionFailed,
            $"{failed} does not hold: {(tags.Count == 0 ? "no value was found" : $"the value that was found has the tag {tags[0]} in JSON")}.");
    }

    /// <summary>Whether one of the tags of a header, which may be <c>*</c>, is one of a value.</summary>
    public static bool Matches(IEnumerable<EntityTagHeaderValue> header, IReadOnlyList<EntityTagHeaderValue> tags, bool isStrong) =>
        tags.Count > 0 && header.Any(given => given.Equals(EntityTagHeaderValue.Any) || tags.Any(tag => given.Compare(tag, isStrong)));

    // A header that is left out as it cannot be read would make a put unconditional.
    private static IList<EntityTagHeaderValue> Parse(string name, StringValues header) =>
        header.Count == 0 ? []
        : EntityTagHeaderValue.TryParseStrictList([.. header.OfType<string>()], out var tags) && tags.Count > 0 ? tags
        : throw ApiProblemException.Wrong($"{name} is '{VisibleText.Excerpt(header.ToString())}'; * or tags in quotes are needed.");
}
