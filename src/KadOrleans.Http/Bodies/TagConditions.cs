using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http;

/// <summary>
/// The conditions of a put or a delete: If-Match and If-None-Match (RFC 9110 §13.1), with the tags of what a get shows, in any form. With an id the call
/// may be repeated.
/// </summary>
internal sealed class TagConditions
{
    public const string KeyHeader = "Idempotency-Key";

    private const int MaxKeyLength = 256;

    private readonly IList<EntityTagHeaderValue> _match;
    private readonly IList<EntityTagHeaderValue> _noneMatch;

    private TagConditions(IList<EntityTagHeaderValue> match, IList<EntityTagHeaderValue> noneMatch, string? key, string caller)
    {
        (_match, _noneMatch) = (match, noneMatch);
        Expected = FindExpected();
        if (key is null)
        {
            return;
        }

        if (key.Length is 0 or > MaxKeyLength)
        {
            throw ApiProblemException.Wrong($"{KeyHeader} has {key.Length} characters; 1 to {MaxKeyLength} are allowed.");
        }

        if (Expected is null)
        {
            throw ApiProblemException.Wrong($"{KeyHeader} is set; If-Match with one tag, or If-None-Match: *, is needed with it.");
        }

        // Of this caller's call with this condition: another one that has the same key is not this one.
        var call = $"{caller}\n{Expected}\n{key}";
        CallId = (BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(call))) & long.MaxValue) | 1;
    }

    /// <summary>The one version that the key must have; null if several are allowed, or if some are not.</summary>
    public ValueVersion? Expected { get; }

    /// <summary>Whether a version is demanded, and none is excluded.</summary>
    public bool IsMatch => _match.Count > 0 && _noneMatch.Count == 0;

    /// <summary>The id of the call; 0 if it is not repeated.</summary>
    public long CallId { get; }

    /// <summary>The conditions of a request; null if it has none.</summary>
    public static TagConditions? Read(HttpRequest request) =>
        Create(
            request.Headers.IfMatch,
            request.Headers.IfNoneMatch,
            request.Headers[KeyHeader] is { Count: > 0 } key ? key.ToString() : null,
            $"{request.Method} {request.HttpContext.User.Identity?.Name}");

    /// <summary>The conditions of an operation of a batch, in fields of the same names.</summary>
    public static TagConditions? Read(JsonElement json)
    {
        return Create(Quoted(json.Text("ifMatch")), Quoted(json.Text("ifNoneMatch")), json.Text("idempotencyKey"), $"batch {json.Text("op")}");

        // A version as results have it is a tag too.
        static StringValues Quoted(string? tag) =>
            tag is null ? default : tag != "*" && ValueVersion.TryParse(tag, out _) ? $"\"{tag}\"" : tag;
    }

    /// <summary>The tags of If-Match; none without it.</summary>
    public static IList<EntityTagHeaderValue> ReadMatch(HttpRequest request) => Parse(HeaderNames.IfMatch, request.Headers.IfMatch);

    /// <summary>Whether what was found may be replaced or removed.</summary>
    public bool Allow(GetResult found) =>
        (_match.Count == 0 || Matches(_match, found.Version)) && !Matches(_noneMatch, found.Version);

    /// <summary>Which condition did not hold.</summary>
    public ApiProblemException Failed() => new(
        ProblemType.ConditionFailed,
        IsMatch
            ? $"{HeaderNames.IfMatch} does not hold: the key has another version, or no value."
            : $"{(_match.Count > 0 ? $"{HeaderNames.IfMatch} or " : string.Empty)}{HeaderNames.IfNoneMatch} does not hold: the key has that version, or a value.");

    /// <summary>The call may have been done before.</summary>
    public static ApiProblemException Unknown() => new(
        ProblemType.OutcomeUnknown,
        "The condition does not hold, and whether this call was done before is not known any more; read the key again.");

    private ValueVersion? FindExpected() => (_match, _noneMatch) switch
    {
        ([var tag], []) when !tag.Equals(EntityTagHeaderValue.Any) && !tag.IsWeak && ValueBody.TryReadTag(tag.Tag.ToString(), out var version)
            && !version.IsNothing => version,
        ([], [var tag]) when tag.Equals(EntityTagHeaderValue.Any) => ValueVersion.Nothing,
        _ => null,
    };

    private static TagConditions? Create(StringValues match, StringValues noneMatch, string? key, string caller)
    {
        var (matching, others) = (Parse(HeaderNames.IfMatch, match), Parse(HeaderNames.IfNoneMatch, noneMatch));
        return matching.Count + others.Count > 0 || key is not null ? new TagConditions(matching, others, key, caller) : null;
    }

    // Of a put both headers need the strong comparison: a weak tag names no write.
    private static bool Matches(IEnumerable<EntityTagHeaderValue> header, ValueVersion version) => !version.IsNothing && header.Any(given =>
        given.Equals(EntityTagHeaderValue.Any) || (!given.IsWeak && ValueBody.TryReadTag(given.Tag.ToString(), out var named) && named == version));

    /// <summary>Whether one of the tags of a header, which may be <c>*</c>, is that of a value.</summary>
    public static bool Matches(IEnumerable<EntityTagHeaderValue> header, EntityTagHeaderValue tag, bool isStrong) =>
        header.Any(given => given.Equals(EntityTagHeaderValue.Any) || given.Compare(tag, isStrong));

    // A header that is left out as it cannot be read would make a put unconditional.
    private static IList<EntityTagHeaderValue> Parse(string name, StringValues header) =>
        header.Count == 0 ? []
        : EntityTagHeaderValue.TryParseStrictList([.. header.OfType<string>()], out var tags) && tags.Count > 0 ? tags
        : throw ApiProblemException.Wrong($"{name} is '{VisibleText.Excerpt(header.ToString())}'; * or tags in quotes are needed.");
}
