namespace KadOrleans.Grains.Abstractions;

/// <summary>What holds for all silos of a cluster.</summary>
/// <param name="Settings">What was fixed when it was created.</param>
/// <param name="StateVersion">The schema version that stored states are written with. It may rise, and never falls.</param>
[GenerateSerializer]
[Alias("kad.ClusterTerms")]
public sealed record ClusterTerms([property: Id(0)] ClusterSettings Settings, [property: Id(1)] int StateVersion);
