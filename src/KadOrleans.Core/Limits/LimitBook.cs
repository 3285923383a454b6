namespace KadOrleans.Core.Limits;

/// <summary>A limit that an operator changed.</summary>
/// <param name="Name">Which: the <see cref="Limit.Name"/>.</param>
/// <param name="Value">Its value in place of the setting's.</param>
/// <param name="Since">When it was changed.</param>
public sealed record LimitEntry(string Name, long Value, DateTimeOffset Since);

/// <summary>Decides changes of limits, and what they come to.</summary>
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
