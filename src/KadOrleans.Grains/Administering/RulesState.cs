namespace KadOrleans.Grains;

[GenerateSerializer]
[Alias("kad.RulesState")]
internal sealed class RulesState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public long Version { get; set; }

    /// <summary>The oldest first.</summary>
    [Id(2)]
    public List<BanState> Bans { get; set; } = [];

    /// <summary>The bans, parsed. One that this release cannot read is left out.</summary>
    public IReadOnlyList<BanEntry> Entries => BanEntry.Read(Bans.Select(ban => (ban.Ban, ban.Since)));
}

/// <summary>A ban, as <see cref="KadOrleans.Core.Admission.Ban.ToString"/> writes it.</summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.BanState")]
internal sealed record BanState([property: Id(0)] string Ban, [property: Id(1)] DateTimeOffset Since);

[GenerateSerializer]
[Alias("kad.LimitsState")]
internal sealed class LimitsState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public long Version { get; set; }

    /// <summary>The oldest first. Limits of later releases are kept.</summary>
    [Id(2)]
    public List<LimitState> Limits { get; set; } = [];

    public IReadOnlyList<LimitEntry> Entries => [.. Limits.Select(limit => new LimitEntry(limit.Name, limit.Value, limit.Since))];
}

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.LimitState")]
internal sealed record LimitState([property: Id(0)] string Name, [property: Id(1)] long Value, [property: Id(2)] DateTimeOffset Since);
