using System.Diagnostics;

namespace KadOrleans.Testing.Deployment;

/// <summary>The command that renders kustomizations, where it is installed.</summary>
public static class Kubectl
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>What <c>kubectl kustomize</c> makes of a folder.</summary>
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
