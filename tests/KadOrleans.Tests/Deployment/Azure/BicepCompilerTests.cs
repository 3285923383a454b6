using System.Diagnostics;
using System.Reflection;

namespace KadOrleans.Tests.Deployment;

/// <summary>Azure's own compiler takes the Bicep files and has nothing to say of them, its linter neither.</summary>
public sealed class BicepCompilerTests
{
    private static readonly string? Compiler = typeof(BicepCompilerTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(one => one.Key == "Bicep")?.Value;

    [Fact]
    public async Task Each_file_compiles_without_a_warning()
    {
        var (code, said, template) = await BuildAsync(Repository.Path("infra/azure/main.bicep"));

        Assert.Equal((0, string.Empty), (code, said));
        var text = Assert.IsType<JsonObject>(JsonNode.Parse(template)).ToJsonString();
        Assert.All(
            Directory.EnumerateFiles(Repository.Path("infra/azure"), "*.bicep").SelectMany(file => new BicepFile(Path.GetFileName(file)).Types),
            type => Assert.Contains($"\"type\":\"{type.Split('@')[0]}\"", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_property_that_Azure_does_not_know_is_found_within_an_agent_pool()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var file = copy["azure/cluster.bicep"];
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Contains("netCoreRmemMax", text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            file, text.Replace("netCoreRmemMax", "netCoreRmemMaximum", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        Assert.Contains("netCoreRmemMaximum", (await BuildAsync(copy["azure/main.bicep"])).Said, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Said, string Template)> BuildAsync(string file)
    {
        Assert.SkipWhen(!File.Exists(Compiler), "The compiler of Bicep is a package for Linux on x64 alone");
        using var compiler = Process.Start(new ProcessStartInfo(Compiler!, ["build", file, "--stdout"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,

            // It is a program of .NET, which would look for ICU.
            Environment = { ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1" },
        })!;
        var (template, said) = (compiler.StandardOutput.ReadToEndAsync(), compiler.StandardError.ReadToEndAsync());
        await compiler.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (compiler.ExitCode, (await said).Trim(), await template);
    }
}
