namespace KadOrleans.Cluster.Tests.Pasted;

/// <summary>
/// What README and tutorials tell somebody who has no clone, as he pastes it into an empty folder. The packages are those of this build, from a
/// folder that stands in for nuget.org; all others are from there.
/// </summary>
[Collection(ReadersMachines.Name)]
[Trait("Tier", "Long")]
public sealed class ReleaseBlocksTests(ReleaseFeed feed) : IClassFixture<ReleaseFeed>
{
    [Theory]
    [InlineData("README.md", "hello", "hello")]
    [InlineData("docs/tutorials/python.md", "round", "round", "['a:1', 'b:2']")]
    [InlineData("docs/tutorials/silo.md", "Ada was here before Ben.", "Ben")]
    [InlineData("docs/tutorials/cluster.md", "hello")]
    [Needs(Need.Curl | Need.Python | Need.PostgreSql)]
    public async Task The_blocks_of_a_release_work_as_they_stand(string document, params string[] lines)
    {
        var problem = ReadersMachine.WhyNot();
        Assert.SkipWhen(problem is not null, problem ?? string.Empty);
        Assert.Contains(document, PastedDocuments.OfRelease);
        await using var machine = await ReadersMachine.StartAsync(hasClone: false);
        if (Machine.KademliaPython.Length > 0)
        {
            machine.AddProgram("python3", $"#!/bin/sh\nexec '{Machine.KademliaPython}' \"$@\"");
        }

        var (online, reader) = (machine.OpenOnline(), new Reader(machine));
        await online.PasteAsync($"dotnet nuget add source '{await feed.GetAsync()}' --name kad");
        if (document != "README.md")
        {
            await online.PasteAsync("dotnet tool install --global KadOrleans.Tool");
        }

        foreach (var block in PastedDocuments.BlocksOf(document))
        {
            if (block.Lines.Any(line => line.StartsWith("sudo -u postgres psql ", StringComparison.Ordinal)))
            {
                await machine.StartPostgreSqlAsync();
            }

            await reader.PasteAsync(block, online);
        }

        var written = reader.Text.Split('\n');
        Assert.Equal(document.Contains("python", StringComparison.Ordinal) && Machine.KademliaPython.Length > 0 ? 3 : 0, written.Count(one => one == "blue"));
        Assert.All(lines.CountBy(line => line), line => Assert.Equal(line.Value, written.Count(one => one == line.Key)));
    }
}

/// <summary>The packages of this build, made once for all tests of a class.</summary>
public sealed class ReleaseFeed : IDisposable
{
    private readonly NewProgram _program = new();
    private Task? _packing;

    /// <summary>The folder with the packages.</summary>
    public async Task<string> GetAsync()
    {
        await (_packing ??= _program.PackAsync("KadOrleans.sln"));
        return _program.Feed;
    }

    public void Dispose() => _program.Dispose();
}
