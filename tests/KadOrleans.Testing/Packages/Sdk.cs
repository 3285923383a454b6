using System.Diagnostics;

namespace KadOrleans.Testing.Packages;

/// <summary>Runs the .NET SDK as a person does in a shell: without what the test host sets for itself.</summary>
internal static class Sdk
{
    /// <summary>Runs a program to its end.</summary>
    /// <param name="file">The program.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>Its exit code, and what it wrote to both streams, results first.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(string file, string folder, params string[] args)
    {
        var start = new ProcessStartInfo(file, args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };

        // These would lead a second build to the test host's own files.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        // The cache of a program elsewhere is its own.
        if (folder != Repository.Root)
        {
            start.Environment.Remove("NUGET_PACKAGES");
        }

        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, (await output).TrimEnd() + await error);
    }
}
