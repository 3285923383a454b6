using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.SqliteFiles;
using KadOrleans.Storage.Sqlite.Salvage;
using KadOrleans.Storage.Sqlite.Segments;

namespace KadOrleans.Storage.Sqlite.Loading;

/// <summary>All that a file holds, in memory.</summary>
/// <param name="Values">Values by key.</param>
/// <param name="Segments">Where in the file they are.</param>
/// <param name="Publications">Publications by key.</param>
/// <param name="State">The node state, or null if none was saved.</param>
internal sealed record LoadedDatabase(ValueMemory Values, SegmentTable Segments, PublicationMemory Publications, NodeState? State)
{
    /// <summary>What was left out as it is unreadable; null where that is refused.</summary>
    public Damage? Damage { get; private init; }

    /// <summary>Reads everything.</summary>
    /// <exception cref="KeyStoreException">The file is damaged.</exception>
    public static LoadedDatabase Read(DatabaseFile file, StoreQuota quota, int maxPublications, DamagePolicy onDamage)
    {
        var damage = onDamage == DamagePolicy.SetAside ? new Damage() : null;
        var loader = new DatabaseLoader(file, damage);
        var values = new ValueMemory(quota);
        var segments = new SegmentTable();
        loader.LoadValues(values, segments);
        var publications = new PublicationMemory(maxPublications);
        loader.LoadPublications(publications);
        return new LoadedDatabase(values, segments, publications, loader.LoadState()) { Damage = damage };
    }
}
