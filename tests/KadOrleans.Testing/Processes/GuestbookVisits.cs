namespace KadOrleans.Testing.Processes;

/// <summary>Visits to the guestbook of the samples, each in a process of its own.</summary>
public static class GuestbookVisits
{
    /// <summary>Two visits: the second reads what the first wrote.</summary>
    /// <param name="assembly">The sample, without the extension.</param>
    /// <param name="folder">Its working directory.</param>
    /// <param name="args">Its arguments beside the visitor's name.</param>
    /// <returns>What both wrote.</returns>
    public static async Task<IReadOnlyList<string>> VisitTwiceAsync(string assembly, string folder, params string[] args)
    {
        List<string> lines = [];
        foreach (var visitor in (string[])["Ada", "Bob"])
        {
            await using var visit = ChildProcess.Start(
                assembly, folder, [.. args, $"--Visitor={visitor}", "--Logging:LogLevel:Default=Warning"]);
            while (await visit.ReadLineAsync() is { } line)
            {
                lines.Add(line);
            }

            if (await visit.FinishAsync() is var code && code != 0)
            {
                throw new InvalidOperationException($"{assembly} ended with {code}: {visit.Error.Text}");
            }
        }

        return lines;
    }
}
