namespace KadOrleans.Tests.Deployment;

/// <summary>From its version 11 on a host logs a background service that ends by being cancelled as one that failed, in every program that uses this one.</summary>
public sealed partial class BackgroundServiceTests
{
    public static readonly TheoryData<string> All =
        [.. Directory.GetFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => IsBackgroundService().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(Repository.Root, file))];

    [Theory]
    [MemberData(nameof(All))]
    public void A_background_service_ends_quietly_when_it_is_cancelled(string file)
    {
        var text = Repository.Read(file);
        Assert.True(
            text.Contains(".UntilStoppedAsync(stoppingToken)", StringComparison.Ordinal)
                || text.Contains("await stoppingToken.UntilCancelledAsync()", StringComparison.Ordinal),
            $"{file} has a background service that lets its cancellation through.");
    }

    [System.Text.RegularExpressions.GeneratedRegex(@":\s+BackgroundService\b")]
    private static partial System.Text.RegularExpressions.Regex IsBackgroundService();
}
