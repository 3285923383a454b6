using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>What a ping came to.</summary>
/// <param name="Answered">Whether somebody answered.</param>
/// <param name="Id">The id that answered; null without an answer, or from a client.</param>
/// <param name="RoundTrip">Time to the answer, or to the end of patience.</param>
[GenerateSerializer]
[Alias("kad.DhtPingResult")]
public sealed record DhtPingResult(
    [property: Id(0)] bool Answered, [property: Id(1)] NodeId? Id, [property: Id(2)] TimeSpan RoundTrip);
