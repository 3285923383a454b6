namespace KadOrleans.Grains.Storage;

/// <summary>Which schema version each silo knows, as it told last.</summary>
internal sealed class SiloVersions
{
    private Dictionary<SiloAddress, int> _known = [];

    /// <summary>Notes what a silo tells.</summary>
    public void Set(SiloAddress silo, int version) => _known[silo] = version;

    /// <summary>The newest version that all of these silos know; others are forgotten. One that told nothing knows the oldest.</summary>
    public int GetCommon(IEnumerable<SiloAddress> silos)
    {
        _known = silos.ToDictionary(silo => silo, silo => _known.GetValueOrDefault(silo, StateSchema.Oldest));
        return _known.Values.DefaultIfEmpty(StateSchema.Oldest).Min();
    }
}
