using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Http.Problems;

namespace KadOrleans.Http.Values;

/// <summary>How a request wants its value stored.</summary>
/// <param name="Wait">What it awaits.</param>
/// <param name="Life">How long the value lives; null if it is published again each day.</param>
internal readonly record struct RequestedPut(SetAcknowledgement Wait, TimeSpan? Life)
{
    /// <summary>Reads the parameters of a put.</summary>
    /// <param name="wait">network or durable; null is network.</param>
    /// <param name="life">Whole seconds; null for a publication.</param>
    /// <exception cref="ApiProblemException">One is another text, or the two do not go together.</exception>
    public static RequestedPut Parse(string? wait, string? life)
    {
        SetAcknowledgement acknowledgement = wait switch
        {
            null or "network" => SetAcknowledgement.Network,
            "durable" when life is null => SetAcknowledgement.Durable,
            "durable" => throw ApiProblemException.Wrong("wait is 'durable'; with a life network is allowed."),
            _ => throw ApiProblemException.Wrong($"wait is '{VisibleText.Excerpt(wait)}'; network or durable is allowed."),
        };
        return new RequestedPut(acknowledgement, life is null ? null
            : int.TryParse(life, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= StoreRules.MaxLifeSeconds
                ? TimeSpan.FromSeconds(seconds)
                : throw ApiProblemException.Wrong($"life is '{VisibleText.Excerpt(life)}'; 1 to {StoreRules.MaxLifeSeconds} seconds are allowed."));
    }

    /// <summary>Stores the value.</summary>
    public Task<SetResult> RunAsync(IDht dht, NodeId key, DhtValue value, CancellationToken cancellationToken) => Life is { } life
        ? dht.SetAsync(key, value, life, cancellationToken)
        : dht.SetAsync(key, value, Wait, cancellationToken);
}
