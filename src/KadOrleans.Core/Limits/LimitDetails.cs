namespace KadOrleans.Core;

/// <summary>A limit and its value.</summary>
/// <param name="Limit">Which.</param>
/// <param name="Setting">The value of the setting. Null if each edge of the cluster has its own.</param>
/// <param name="Value">The value in force, null as for <paramref name="Setting"/>.</param>
/// <param name="Since">When it was changed; null if the setting is in force.</param>
/// <param name="Most">The most that this process can hold; else the most that is allowed.</param>
public sealed record LimitDetails(Limit Limit, long? Setting, long? Value, DateTimeOffset? Since, long Most)
{
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
