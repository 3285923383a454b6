using System.Data.Common;
using System.Globalization;
using KadOrleans.Shards;
using Microsoft.Extensions.Options;
using Orleans.Storage;

namespace KadOrleans.Grains;

/// <summary>Named states of one grain in the silo's grain storage, each with its ETag. Each call has a timeout.</summary>
internal sealed class GrainRecordStorage(IGrainStorage storage, GrainId grainId, StateVersion version, TimeProvider time, TimeSpan timeout)
{
    /// <summary>Reads a state. One that was never written has neither content nor ETag.</summary>
    /// <exception cref="InvalidOperationException">A newer release wrote it.</exception>
    public async Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class, IVersionedState, new()
    {
        var state = new GrainState<T>();
        await storage.ReadStateAsync(name, grainId, state).WaitAsync(timeout, time);
        var content = state.RecordExists ? state.State : null;
        version.Check(content?.SchemaVersion ?? 0, name);
        return new StoredRecord<T>(content, state.ETag);
    }

    /// <summary>
    /// Replaces the state with this ETag, or writes the first one if that is null. Sets its schema version. Returns the new ETag.
    /// </summary>
    /// <exception cref="StorageConflictException">Storage has another state.</exception>
    /// <exception cref="Exception">Storage failed or timed out. Whether the state was written is unknown.</exception>
    public async Task<string?> WriteAsync<T>(string name, T content, string? etag)
        where T : class, IVersionedState, new()
    {
        // A separate state object: a write that timed out may still set its ETag later.
        var state = new GrainState<T>(version.Stamp(content), etag) { RecordExists = etag is not null };
        var startedAt = time.GetTimestamp();
        try
        {
            await storage.WriteStateAsync(name, grainId, state).WaitAsync(timeout, time);
            GrainMetrics.Wrote(WriteTarget.Shard, time.GetElapsedTime(startedAt));
            return state.ETag;
        }
        catch (Exception e) when (FirstWrite.IsConflict(e))
        {
            throw new StorageConflictException($"{name} of {grainId} was written by another activation.", e);
        }
        catch
        {
            GrainMetrics.WriteFailed(WriteTarget.Shard);
            throw;
        }
    }
}

/// <summary>Detects the conflict of two first writes of one state, which the database decides.</summary>
internal static class FirstWrite
{
    /// <summary>The SQLSTATE of a row that a unique index refuses (PostgreSQL: unique_violation).</summary>
    private const string UniqueViolation = "23505";

    /// <summary>Whether a write met another's: by its ETag, or, for two concurrent first writes, by the unique index.</summary>
    /// <remarks>This project's schema adds that index to Orleans' table on PostgreSQL. Orleans' provider does not know it.</remarks>
    public static bool IsConflict(Exception exception) =>
        exception is InconsistentStateException || exception.GetBaseException() is DbException { SqlState: UniqueViolation };
}

/// <summary>
/// The schema versions of stored states. 2: values of shards may be marked as published. 3: they may be marked as far. 4: the edge
/// directory notes who leased a name and who handed it back. 5: the cluster's settings have the constants of Kademlia. 6: the number of
/// shards may be doubled. States of older versions are read as they are. A schema change raises <see cref="Newest"/> alone and asks <c>StateVersion.Written</c> before it writes
/// what is new; a later release line raises <see cref="Oldest"/>.
/// </summary>
internal static class StateSchema
{
    /// <summary>
    /// The oldest version that this release can write, which the release before it reads. A silo that reports no version counts as knowing
    /// this one.
    /// </summary>
    public const int Oldest = 3;

    /// <summary>The newest version that this release reads and writes, of every state.</summary>
#if KAD_NEXT_SCHEMA
    // A build for tests of upgrades. It differs from the release only in the version that it writes.
    public const int Newest = 7;
#else
    public const int Newest = 6;
#endif

    public const int EdgeHolders = 4;

    public const int Constants = 5;

    public const int Doubling = 6;
}

/// <summary>
/// A stored state with the schema version that wrote it. Parts of states were classes: as records they must not include their parameters, or
/// the bytes would be others.
/// </summary>
internal interface IVersionedState
{
    int SchemaVersion { get; set; }
}

/// <summary>
/// The schema version that this silo writes: the last one that the cluster reported. It rises once every silo knows the newer version, and
/// never falls. Until a silo learns of the rise it writes the older version, which all read.
/// </summary>
internal sealed class StateVersion(IOptions<KadClusterOptions> options)
{
    private int _written = StateSchema.Oldest;

    /// <summary>The newest version that this silo accepts.</summary>
    public int Known { get; } = options.Value.StateVersion ?? StateSchema.Newest;

    /// <summary>The version to write now. Fields of later versions are left out.</summary>
    public int Written => Volatile.Read(ref _written);

    /// <summary>Notes the version of a state that was read, or that the cluster reported. Such a version is one that all silos know.</summary>
    /// <exception cref="InvalidOperationException">A newer release wrote the state.</exception>
    internal void Check(int version, string stateName)
    {
        if (version > StateSchema.Newest)
        {
            throw new InvalidOperationException(
                $"The stored state {stateName} has schema version {version}, and this release knows versions up to {StateSchema.Newest}: run the release that wrote it, or a newer one.");
        }

        for (var written = Written; version > written; written = Written)
        {
            Interlocked.CompareExchange(ref _written, version, written);
        }
    }

    internal T Stamp<T>(T state)
        where T : IVersionedState
    {
        state.SchemaVersion = Written;
        return state;
    }
}

/// <summary>The silos' schema versions, by their last reports.</summary>
internal sealed class SiloVersions
{
    private Dictionary<SiloAddress, int> _known = [];

    public void Set(SiloAddress silo, int version) => _known[silo] = version;

    /// <summary>
    /// The newest version that all these silos know. Forgets other silos. A silo without a report counts as knowing
    /// <see cref="StateSchema.Oldest"/>.
    /// </summary>
    public int GetCommon(IEnumerable<SiloAddress> silos)
    {
        _known = silos.ToDictionary(silo => silo, silo => _known.GetValueOrDefault(silo, StateSchema.Oldest));
        return _known.Values.DefaultIfEmpty(StateSchema.Oldest).Min();
    }
}

/// <summary>
/// Builds the names of stored states. Some providers identify rows by state name and grain key, without the grain's type. So no two kinds
/// of grain share a name.
/// </summary>
internal static class StateNames
{
    public const string Cluster = "kad-cluster";

    public const string EdgeDirectory = "kad-edges";

    public const string RoutingTable = "kad-table";

    public const string Rules = "kad-rules";

    public const string Limits = "kad-limits";

    public static string Crawl(int slot) => string.Create(CultureInfo.InvariantCulture, $"kad-crawl-{slot:d2}");

    public static string CrawlPage(int slot, int page) => string.Create(CultureInfo.InvariantCulture, $"kad-crawl-{slot:d2}-page-{page:d6}");

    public static string AuditPage(int slot) => string.Create(CultureInfo.InvariantCulture, $"kad-audit-{slot:d3}");
}
