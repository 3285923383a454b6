using System.Numerics;

namespace KadOrleans.Http;

/// <summary>The key of a request: its id, and its text unless the request has a digest.</summary>
internal readonly record struct RequestedKey(NodeId Digest, string? Text)
{
    internal const int MaxLength = TextKey.MaxLength;

    /// <summary>The key for people, as a part of a sentence.</summary>
    public override string ToString() => VisibleText.Excerpt(Text ?? Digest.ToString());

    /// <summary>A key as a request gives it: with the form <c>digest</c> an id, with <c>text</c> or without a form a text.</summary>
    public static RequestedKey Of(string? key, string? form)
    {
        key ??= string.Empty;
        if (TextKey.FindProblem(key) is { } problem)
        {
            throw ApiProblemException.Wrong(problem);
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

/// <summary>How a request wants its value stored. Without a life the value is published again each day.</summary>
internal readonly record struct RequestedPut(SetAcknowledgement Wait, TimeSpan? Life)
{
    /// <summary>Reads the parameters of a put: wait, which is network (the default) or durable, and life in whole seconds.</summary>
    public static RequestedPut Parse(string? wait, string? life)
    {
        var acknowledgement = wait switch
        {
            null or "network" => SetAcknowledgement.Network,
            "durable" when life is null => SetAcknowledgement.Durable,
            "durable" => throw ApiProblemException.Wrong("wait is 'durable'; with a life only network is allowed."),
            _ => throw ApiProblemException.Wrong($"wait is '{VisibleText.Excerpt(wait)}'; network or durable is allowed."),
        };
        return new RequestedPut(acknowledgement, life is null ? null
            : int.TryParse(life, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= StoreRules.MaxLifeSeconds
                ? TimeSpan.FromSeconds(seconds)
                : throw ApiProblemException.Wrong($"life is '{VisibleText.Excerpt(life)}'; 1 to {StoreRules.MaxLifeSeconds} seconds are allowed."));
    }

    /// <summary>Stores a value.</summary>
    /// <exception cref="ApiProblemException">The conditions do not hold, or whether it was done before is not known.</exception>
    public async Task<SetResult> RunAsync(
        IDht dht, NodeId key, DhtValue value, TagConditions? conditions, CancellationToken cancellationToken)
    {
        var result = await (conditions switch
        {
            null => SetAsync(dht, key, value, cancellationToken),
            { Expected: { } expected } => dht.SetIfAsync(key, value, expected, Wait, Life, conditions.CallId, cancellationToken),
            _ => dht.SetIfFoundAsync(key, value, conditions.Allow, Wait, Life, cancellationToken),
        });
        return conditions is null ? result
            : result.Local == StoreResult.Superseded ? throw conditions.Failed()
            : result.Local == StoreResult.Unknown ? throw TagConditions.Unknown()
            : result;
    }

    public Task<SetResult> SetAsync(IDht dht, NodeId key, DhtValue value, CancellationToken cancellationToken) => Life is { } life
        ? dht.SetAsync(key, value, life, cancellationToken)
        : dht.SetAsync(key, value, Wait, cancellationToken);
}

/// <summary>Ids and numbers in paths and queries. A mistake is an <see cref="ApiProblemException"/> that names the parameter.</summary>
internal static class Requested
{
    /// <summary>The length of a list unless the request says so.</summary>
    public const int DefaultCount = 100;

    public static NodeId Id(string name, string text) => NodeId.TryParse(text, out var id)
        ? id
        : throw ApiProblemException.Wrong($"{name} is '{VisibleText.Excerpt(text)}'; {NodeId.Length * 2} hexadecimal digits are needed.");

    /// <summary>One of an enumeration's names, with a small first letter.</summary>
    public static T Choice<T>(string name, string? text)
        where T : struct, Enum
    {
        var names = Array.ConvertAll(Enum.GetNames<T>(), JsonNamingPolicy.CamelCase.ConvertName);
        return Array.IndexOf(names, text) is >= 0 and var index
            ? Enum.GetValues<T>()[index]
            : throw ApiProblemException.Wrong($"{name} is '{VisibleText.Excerpt(text ?? string.Empty)}'; {string.Join(", ", names[..^1])} or {names[^1]} is allowed.");
    }

    public static NodeId? OptionalId(string name, string? text) => text is null ? null : Id(name, text);

    public static T Number<T>(string name, string? text, string needed = "a whole number is needed")
        where T : INumber<T> => text?.All(char.IsAsciiDigit) == true && T.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw ApiProblemException.Wrong($"{name} is '{VisibleText.Excerpt(text ?? string.Empty)}'; {needed}.");

    public static T? OptionalNumber<T>(string name, string? text)
        where T : struct, INumber<T> => text is null ? null : Number<T>(name, text);

    /// <summary>The length of a list, 1 to a bound.</summary>
    public static int Count(string? text, int most = IDhtAdmin.MaxPage)
    {
        var count = text is null ? DefaultCount : Number<int>("count", text, $"1 to {most} is allowed");
        return count >= 1 && count <= most ? count : throw ApiProblemException.Wrong($"count is '{count}'; 1 to {most} is allowed.");
    }
}
