namespace KadOrleans.Cluster.Tests.Pasted;

/// <summary>The blocks of the documents as a reader pastes them, on a machine of his own, from the first to the last.</summary>
[Collection(ReadersMachines.Name)]
public sealed class PastedBlocksTests
{
    private const string OneProcess = "listening udp";

    [Fact]
    public void Each_block_of_commands_is_run_or_has_a_reason()
    {
        string[] run = [.. PastedDocuments.OfRelease, .. PastedDocuments.OfClone, .. PastedDocuments.OfKad];
        var pasted = Snippet.OfAll("sh").Where(block => run.Contains(block.Document)).SelectMany(block => block.Lines).ToHashSet();
        var left =
            from block in Snippet.OfAll("sh")
            where !run.Contains(block.Document)
            where !block.Lines.All(pasted.Contains) && block.Lines.All(line => PastedDocuments.NotRun(line) is null)
            where !block.Document.StartsWith("CONTRIBUTING", StringComparison.Ordinal) && !block.Document.StartsWith("docs/bench/", StringComparison.Ordinal)
            select $"{block.Document}:{block.Line}: {block.Lines[0]}";

        Assert.Empty(left);
    }

    [Theory]
    [InlineData("CONTRIBUTING.md", "samples/README.md")]
    [InlineData("docs/performance.md", "docs/scale.md", "tests/KadOrleans.Lab/README.md")]
    [Trait("Tier", "Long")]
    public async Task The_blocks_of_a_clone_work_as_they_stand(params string[] documents)
    {
        Assert.Subset(PastedDocuments.OfClone.ToHashSet(), documents.ToHashSet());
        await using var machine = await StartAsync();
        var online = machine.OpenOnline();
        await online.PasteAsync("dotnet restore KadOrleans.sln --verbosity quiet; dotnet restore samples/Guestbook.Cluster --verbosity quiet");
        AddKad(machine);
        var reader = new Reader(machine);
        foreach (var block in documents.SelectMany(PastedDocuments.BlocksOf))
        {
            await reader.PasteAsync(block, online);
        }
    }

    [Fact]
    [Trait("Tier", "Long")]
    [Needs(Need.Curl)]
    public async Task The_blocks_with_kad_work_as_they_stand()
    {
        await using var machine = await StartAsync();
        AddKad(machine);
        var reader = new Reader(machine);
        foreach (var document in PastedDocuments.OfKad)
        {
            if (!Snippet.Of(document, "sh").Any(block => block.Lines.Any(line => PastedDocuments.Serves(line) is not null)))
            {
                // What such a document names: a cluster, its address, its token and files of the reader.
                await reader.InterruptAsync();
                await reader.PasteAsync(
                    """
                    rm -rf kad-data tokens.json && mkdir kad-cluster-data && ln -s kad-cluster-data kad-data && echo picture > picture.png
                    kad token add shop --file tokens.json --output shop.token && kad token add operator --file tokens.json --output ops.token
                    """);
                await reader.ServeAsync(
                    $"dotnet '{Path.Combine(AppContext.BaseDirectory, "kad-server.dll")}' Kad:Data=kad-cluster-data Kad:Http=127.0.0.1:8080 "
                    + "Kad:Http:Hosts=silo.example.org", OneProcess);
                await reader.PasteAsync(
                    """
                    cp kad-cluster-data/http-token operator.token
                    export URL=http://127.0.0.1:8080 TOKEN=$(cat operator.token)
                    """);
            }

            foreach (var block in Snippet.Of(document, "sh", "bash"))
            {
                await reader.PasteAsync(block);
            }

            await reader.InterruptAsync();
            await reader.PasteAsync("rm -rf kad-data kad-cluster-data tokens.json *.token");
        }
    }

    private static void AddKad(ReadersMachine machine) =>
        machine.AddProgram("kad", $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "kad.dll")}' \"$@\"");

    private static Task<ReadersMachine> StartAsync()
    {
        var problem = ReadersMachine.WhyNot();
        Assert.SkipWhen(problem is not null, problem ?? string.Empty);
        return ReadersMachine.StartAsync();
    }
}

/// <summary>A reader's machine builds and packs the whole solution: beside tests of processes it would starve them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ReadersMachines
{
    public const string Name = "Machines of readers";
}
