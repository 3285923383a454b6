namespace KadOrleans.Core;

internal static class LimitBook
{
    /// <summary>A value of null restores the setting's. Null if nothing has to be changed.</summary>
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

    /// <summary>Leaves out a change of another release, or of a process with more memory.</summary>
    public static LimitValues Apply(LimitValues settings, IEnumerable<LimitEntry> entries, int mostKeys) => entries.Aggregate(
        settings,
        (values, entry) => Limit.Find(entry.Name) is { } limit && limit.FindProblem(entry.Value, mostKeys) is null
            ? limit.Change(values, entry.Value)
            : values);
}
