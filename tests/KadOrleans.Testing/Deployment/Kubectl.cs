using System.Diagnostics;

namespace KadOrleans.Testing;

/// <summary>The command that renders kustomizations, where it is installed.</summary>
public static class Kubectl
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static string Kustomize(string folder)
    {
        var start = new ProcessStartInfo("kubectl", ["kustomize", folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        return process.WaitForExit(Longest) && process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"kubectl kustomize {folder} failed: {errors.GetAwaiter().GetResult()}");
    }
}

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

/// <summary>A copy of a folder, to write into; it is removed at the end.</summary>
public sealed class CopiedFolder : IDisposable
{
    public CopiedFolder(string source)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = System.IO.Path.Combine(Path, System.IO.Path.GetRelativePath(source, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("kad-infra-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
