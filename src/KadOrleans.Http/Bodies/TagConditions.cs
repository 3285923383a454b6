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

    private static readonly Names Headers = new(HeaderNames.IfMatch, HeaderNames.IfNoneMatch, KeyHeader);
    private static readonly Names Fields = new("ifMatch", "ifNoneMatch", "idempotencyKey");

    private readonly Names _names;
    private readonly IList<EntityTagHeaderValue> _match;
    private readonly IList<EntityTagHeaderValue> _noneMatch;

    private TagConditions(
        Names names, IList<EntityTagHeaderValue> match, IList<EntityTagHeaderValue> noneMatch, string? key, HttpContext context, string method)
    {
        (_names, _match, _noneMatch) = (names, match, noneMatch);
        Expected = FindExpected();
        if (key is null)
        {
            return;
        }

        if (key.Length is 0 or > MaxKeyLength)
        {
            throw ApiProblemException.Wrong($"{names.Key} has {key.Length} characters; 1 to {MaxKeyLength} are allowed.");
        }

        if (Expected is null)
        {
            throw ApiProblemException.Wrong($"{names.Key} is set; {names.Match} with one tag, or {names.NoneMatch}: *, is needed with it.");
        }

        // Of this token's call with this condition: another one that has the same key is not this one. A put of a batch is the same as one alone.
        var call = $"{method} {TokenAuthentication.TokenOf(context).Account}\n{Expected}\n{key}";
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
            Headers,
            request.Headers.IfMatch,
            request.Headers.IfNoneMatch,
            request.Headers[KeyHeader] is { Count: > 0 } key ? key.ToString() : null,
            request.HttpContext,
            request.Method);

    /// <summary>The conditions of an operation of a batch, which has an op.</summary>
    public static TagConditions? Read(HttpContext context, JsonElement json)
    {
        return Create(
            Fields,
            Quoted(json.Text(Fields.Match)),
            Quoted(json.Text(Fields.NoneMatch)),
            json.Text(Fields.Key),
            context,
            json.Text("op")!.ToUpperInvariant());

        // A version as results have it is a tag too.
        static StringValues Quoted(string? tag) =>
            tag is null ? default : tag != "*" && ValueVersion.TryParse(tag, out _) ? $"\"{tag}\"" : tag;
    }

    /// <summary>The tags of If-Match; none without it.</summary>
    public static IList<EntityTagHeaderValue> ReadMatch(HttpRequest request) => Parse(HeaderNames.IfMatch, request.Headers.IfMatch);

    /// <summary>Whether what was found may be replaced or removed.</summary>
    public bool Allow(GetResult found) =>
        (_match.Count == 0 || Matches(_match, found.Version, isStrong: true)) && !Matches(_noneMatch, found.Version, isStrong: false);

    /// <summary>Which condition did not hold.</summary>
    public ApiProblemException Failed() => new(
        ProblemType.ConditionFailed,
        _noneMatch.Count == 0
            ? $"{_names.Match} does not hold: the key has another version, or no value{(_match.Any(tag => tag.IsWeak) ? "; a tag with W/ matches none" : string.Empty)}."
            : _match.Count > 0 ? $"{_names.Match} and {_names.NoneMatch} do not hold both."
            : $"{_names.NoneMatch} does not hold: the key has {(_noneMatch.Contains(EntityTagHeaderValue.Any) ? "a value" : "that version")}.");

    /// <summary>Of a removal: it needs something that may be there.</summary>
    /// <exception cref="ApiProblemException">It needs that nothing is there.</exception>
    public void ThrowIfNothingIsWanted()
    {
        if (_noneMatch.Contains(EntityTagHeaderValue.Any))
        {
            throw ApiProblemException.Wrong($"{_names.NoneMatch} is '*': then there is nothing to remove; {_names.Match}, or tags, are allowed.");
        }
    }

    /// <summary>The call may have been done before.</summary>
    public static ApiProblemException Unknown() => new(
        ProblemType.OutcomeUnknown,
        "The condition does not hold, and whether this call was done before is not known: read the key again. If nobody has repeated it, it was not done.");

    private ValueVersion? FindExpected() => (_match, _noneMatch) switch
    {
        ([var tag], []) when !tag.Equals(EntityTagHeaderValue.Any) && !tag.IsWeak && ValueBody.TryReadTag(tag.Tag.ToString(), out var version)
            && !version.IsNothing => version,
        ([], [var tag]) when tag.Equals(EntityTagHeaderValue.Any) => ValueVersion.Nothing,
        _ => null,
    };

    private static TagConditions? Create(Names names, StringValues match, StringValues noneMatch, string? key, HttpContext context, string method)
    {
        var (matching, others) = (Parse(names.Match, match), Parse(names.NoneMatch, noneMatch));
        return matching.Count + others.Count > 0 || key is not null ? new TagConditions(names, matching, others, key, context, method) : null;
    }

    // If-Match compares strongly, If-None-Match weakly (RFC 9110 §13.1.1, §13.1.2): in doubt nothing is written.
    private static bool Matches(IEnumerable<EntityTagHeaderValue> header, ValueVersion version, bool isStrong) => !version.IsNothing && header.Any(given =>
        given.Equals(EntityTagHeaderValue.Any)
        || (!(isStrong && given.IsWeak) && ValueBody.TryReadTag(given.Tag.ToString(), out var named) && named == version));

    /// <summary>Whether one of the tags of a header, which may be <c>*</c>, is that of a value.</summary>
    public static bool Matches(IEnumerable<EntityTagHeaderValue> header, EntityTagHeaderValue tag, bool isStrong) =>
        header.Any(given => given.Equals(EntityTagHeaderValue.Any) || given.Compare(tag, isStrong));

    // A header that is left out as it cannot be read would make a put unconditional.
    private static IList<EntityTagHeaderValue> Parse(string name, StringValues header) =>
        header.Count == 0 ? []
        : EntityTagHeaderValue.TryParseStrictList([.. header.OfType<string>()], out var tags)
            && (tags.Count == 1 || (tags.Count > 1 && !tags.Contains(EntityTagHeaderValue.Any))) ? tags
        : throw ApiProblemException.Wrong($"{name} is '{VisibleText.Excerpt(header.ToString())}'; * or tags in quotes are needed.");

    /// <summary>How a request calls the conditions: headers, or fields of an operation.</summary>
    private sealed record Names(string Match, string NoneMatch, string Key);
}
