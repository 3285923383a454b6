namespace KadOrleans.Tests.Cli;

/// <summary>What the README shows compiles as it stands there.</summary>
public sealed class ReadmeSnippetTests
{
    private static readonly SnippetProgram Program = new(
        ["KadOrleans", "KadOrleans.Node", "KadOrleans.Storage.Sqlite", "Microsoft.Extensions.DependencyInjection"],
        new Dictionary<string, string>
        {
            ["args"] = "string[]",
            ["host"] = "Microsoft.Extensions.Hosting.IHost",
        });

    [Fact]
    public async Task Each_block_of_code_compiles()
    {
        var snippets = Snippet.Of("README.md", "csharp").ToList();

        Assert.Equal(3, snippets.Count);
        Assert.Empty(await Program.BuildAsync(snippets));
    }
}
