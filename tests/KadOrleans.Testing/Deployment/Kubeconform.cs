using System.Diagnostics;

namespace KadOrleans.Testing.Deployment;

/// <summary>
/// The checker of manifests against the schemas that are made from Kubernetes' OpenAPI documents, where it is installed. It
/// fetches them, unless the environment variable <c>KAD_TEST_KUBERNETES_SCHEMAS</c> says where they are, as its option
/// -schema-location does.
/// </summary>
public static class Kubeconform
{
    /// <summary>The oldest release that docs/install.md names, and the newest that was looked at.</summary>
    public static readonly IReadOnlyList<string> Releases = ["1.30.0", "1.32.0"];

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    /// <summary>What it finds wrong with manifests; empty if nothing.</summary>
    public static async Task<string> ProblemsAsync(string manifests, string release)
    {
        var start = new ProcessStartInfo("kubeconform", ["-strict", "-summary", "-kubernetes-version", release, .. SchemaLocation(), "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Longest);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.StandardInput.WriteAsync(manifests.AsMemory(), deadline.Token);
        process.StandardInput.Close();
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode == 0 ? string.Empty : $"kubeconform for {release}: {await output}{await errors}";
    }

    private static string[] SchemaLocation() =>
        Environment.GetEnvironmentVariable("KAD_TEST_KUBERNETES_SCHEMAS") is { Length: > 0 } location ? ["-schema-location", location] : [];
}
