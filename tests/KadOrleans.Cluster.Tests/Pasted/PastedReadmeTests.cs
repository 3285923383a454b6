using KadOrleans.Lab;

namespace KadOrleans.Cluster.Tests.Pasted;

/// <summary>
/// The README's blocks as a reader pastes them, from the first to the last: in a fresh clone, with a terminal for each command that goes on, and
/// with the newest packages that resolve for the programs.
/// </summary>
[Trait("Tier", "Long")]
[Needs(Need.PostgreSql)]
public sealed class PastedReadmeTests
{
    private const string Readme = "README.md";

    [Fact]
    public async Task Each_block_of_the_README_works_as_it_stands()
    {
        var problem = ReadersMachine.WhyNot();
        Assert.SkipWhen(problem is not null, problem ?? string.Empty);
        await using var machine = await ReadersMachine.StartAsync();
        var online = machine.OpenOnline();
        await online.PasteAsync("dotnet restore KadOrleans.Cluster.slnf --verbosity quiet");
        var (reader, served) = (machine.Open(), new List<Terminal>());
        foreach (var block in Snippet.Of(Readme, "sh", "csharp"))
        {
            var lines = string.Join('\n', block.Lines);
            if (block.Lines[0].StartsWith("using ", StringComparison.Ordinal))
            {
                // The last program that was begun.
                var folder = Directory.GetDirectories(Path.GetDirectoryName(machine.Clone)!, "hello-*").MaxBy(Directory.GetCreationTimeUtc)!;
                await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), lines);
                await online.PasteAsync($"dotnet build '{folder}' --verbosity quiet");
            }
            else if (PastedDocuments.NotRun(block) is null)
            {
                if (lines.Contains("psql", StringComparison.Ordinal))
                {
                    // "Stop the first cluster with Ctrl-C".
                    await Task.WhenAll(served.Select(terminal => terminal.InterruptAsync()));
                    served.Clear();
                    await machine.StartPostgreSqlAsync();
                }

                await PasteAsync(block, lines.Contains(" package ", StringComparison.Ordinal) ? online : reader);
            }
        }

        Assert.Contains("listening udp 127.0.0.1:8469", string.Concat(served.Select(terminal => terminal.Text)), StringComparison.Ordinal);
        Assert.Contains("hello", reader.Text, StringComparison.Ordinal);

        // An export is for each terminal of its block. What goes on has one of its own.
        async Task PasteAsync(Snippet block, Terminal terminal)
        {
            var exports = string.Join('\n', block.Lines.Where(line => line.StartsWith("export ", StringComparison.Ordinal)));
            foreach (var line in block.Lines)
            {
                if (PastedDocuments.Serves(line) is { } until)
                {
                    var own = machine.Open();
                    served.Add(own);
                    await own.PasteAsync(exports);
                    await own.ServeAsync(line, until);
                }
                else
                {
                    await terminal.PasteAsync(line);
                }
            }
        }
    }
}
