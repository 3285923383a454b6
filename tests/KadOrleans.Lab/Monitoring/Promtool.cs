namespace KadOrleans.Lab;

/// <summary>Prometheus' own checker of rules, where it is installed.</summary>
public static class Promtool
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static string Problems(params string[] args)
    {
        var start = new ProcessStartInfo("promtool", args) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        return process.WaitForExit(Longest) && process.ExitCode == 0
            ? string.Empty
            : $"promtool {string.Join(' ', args)}: {output}{errors.GetAwaiter().GetResult()}";
    }
}
