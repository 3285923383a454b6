namespace KadOrleans.Http;

/// <summary>How many files, connections included, the process may have open.</summary>
internal static class OpenFiles
{
    // The runtime raises the soft limit to the hard one at its start. A line of the file: Max open files, soft, hard, unit.
    private const string Limits = "/proc/self/limits";
    private const string Line = "Max open files";

    /// <summary>The limit. Where the system has none, or does not tell it, the largest number.</summary>
    public static int Limit { get; } = Find();

    /// <summary>Why the process cannot run, as a sentence, if it may open fewer files than it needs; else null. A runtime without one left ends.</summary>
    public static string? FindShortage(int needed) => Limit >= needed ? null
        : $"This process may have {Limit} files open, and needs {needed}; raise the limit, as by ulimit -n {needed}, or by LimitNOFILE={needed} of a systemd unit.";

    private static int Find()
    {
        try
        {
            var line = File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal));
            return line?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..]
                && int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
                    ? limit
                    : int.MaxValue;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return int.MaxValue;
        }
    }
}
