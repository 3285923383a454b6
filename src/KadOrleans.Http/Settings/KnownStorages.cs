namespace KadOrleans.Http;

/// <summary>What settings need to know of the storages that they may name. Who has the storages' providers passes it along.</summary>
/// <param name="Names">The name of each storage by each name that it is given, its own among them.</param>
/// <param name="Sections">The sections of the storages.</param>
internal sealed record KnownStorages(IReadOnlyDictionary<string, string> Names, IReadOnlyList<SettingSection> Sections)
{
    /// <summary>The storage that a name means. A name that is unknown here is returned as it is.</summary>
    public string Find(string given) => Names.GetValueOrDefault(given, given);

    public bool AreSame(string one, string other) => Find(one).Equals(Find(other), StringComparison.OrdinalIgnoreCase);
}

/// <summary>A section of settings below <c>Kad</c>, which its owner binds.</summary>
/// <param name="Name">Its name: <c>Redis</c> is <c>Kad:Redis</c>.</param>
/// <param name="Options">The class with its settings: each public property that can be set is one.</param>
internal sealed record SettingSection(string Name, Type Options);
