using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Limits;

/// <summary>A limit that an operator changed.</summary>
/// <param name="Name">Which: the <see cref="Limit.Name"/>.</param>
/// <param name="Value">Its value in place of the setting's.</param>
/// <param name="Since">When it was changed.</param>
public sealed record LimitEntry(string Name, long Value, DateTimeOffset Since);

internal static class LimitBook
{
    /// <summary>The changed limits with one more change; a value of null restores the setting's. Null if nothing has to be changed.</summary>
    public static IReadOnlyList<LimitEntry>? Set(IReadOnlyList<LimitEntry> entries, string name, long? value, int mostKeys, DateTimeOffset now)
    {
        var limit = Limit.Parse(name);
        var known = entries.FirstOrDefault(entry => entry.Name == limit.Name);
        if (value is { } given && limit.FindProblem(given, mostKeys) is { } problem)
        {
            throw new ArgumentException(problem);
        }

        var others = entries.Where(entry => entry != known);
        return known?.Value == value ? null
            : value is { } changed ? [.. others, new LimitEntry(limit.Name, changed, now)]
            : [.. others];
    }

    /// <summary>
    /// The values in force. A change that cannot be followed here is left out: another release made it, or a process with more memory.
    /// </summary>
    public static LimitValues Apply(LimitValues settings, IEnumerable<LimitEntry> entries, int mostKeys) => entries.Aggregate(
        settings,
        (values, entry) => Limit.Find(entry.Name) is { } limit && limit.FindProblem(entry.Value, mostKeys) is null
            ? limit.Change(values, entry.Value)
            : values);
}

/// <summary>A limit and its value.</summary>
/// <param name="Limit">Which.</param>
/// <param name="Setting">The value of the setting. Null if each edge of the cluster has its own.</param>
/// <param name="Value">The value in force, null as for <paramref name="Setting"/>.</param>
/// <param name="Since">When it was changed; null if the setting is in force.</param>
/// <param name="Most">The most that this process can hold; else the most that is allowed.</param>
public sealed record LimitDetails(Limit Limit, long? Setting, long? Value, DateTimeOffset? Since, long Most)
{
    /// <summary>All limits, as they are in force. Each edge of a cluster has settings of its own.</summary>
    internal static IReadOnlyList<LimitDetails> List(LimitValues settings, IReadOnlyList<LimitEntry> entries, int mostKeys, bool isCluster)
    {
        var values = LimitBook.Apply(settings, entries, mostKeys);
        return
        [
            .. Limit.All.Select(limit =>
            {
                var changed = entries.FirstOrDefault(entry => entry.Name == limit.Name && limit.FindProblem(entry.Value, mostKeys) is null);
                var setting = isCluster && limit.Scope == LimitScope.Edges ? default(long?) : limit.Read(settings);
                return new LimitDetails(limit, setting, changed is null ? setting : limit.Read(values), changed?.Since, limit.MostOf(mostKeys));
            }),
        ];
    }
}

/// <summary>The values of all limits at one time. Nobody changes the parts once they are in one.</summary>
internal sealed record LimitValues(StoreQuota Quota, SourceLimits Requests, UploadLimits Upload, int CrawlRate);
