namespace KadOrleans.Aspire.Tests;

/// <summary>The app hosts that documents show compile as they stand, with the usings of a new app host.</summary>
public sealed class SnippetTests
{
    private static readonly SnippetProgram Program = new(
        ["Aspire.Hosting", "Aspire.Hosting.ApplicationModel"], new Dictionary<string, string> { ["args"] = "string[]" });

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Each_app_host_compiles()
    {
        var snippets = Snippet.OfAll("csharp", "cs").Where(snippet => snippet.IsAppHost).ToList();

        Assert.NotEmpty(snippets);
        Assert.Empty(await Program.BuildAsync(snippets));
    }
}
