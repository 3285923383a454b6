namespace KadOrleans.Tests.Lab;

/// <summary>With programs in place of an interpreter: what they say is what the script says.</summary>
public sealed class BenchPythonTests : FolderTests
{
    private const string Small = "bench --seconds 1 --warm-up 1 --contacts 30 --keys 100 --in-flight 8 --sources 4 --op find_value --target self --json --python";

    [Fact]
    [Trait("Tier", "Long")]
    public async Task The_reference_is_a_row_beside_the_node()
    {
        // A node of this project says the same first line.
        var kad = Path.Combine(AppContext.BaseDirectory, "kad");
        var run = await RunAsync(await WriteAsync($"exec '{kad}' node --listen 127.0.0.1:0 --in-memory"));

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        var targets = run.Json["targets"]!.AsArray();
        Assert.Equal(["self", "python"], targets.Select(target => (string)target!["name"]!));
        Assert.All(targets, target => Assert.True((long)target!["answers"]! > 0));
        Assert.All(targets, target => Assert.Equal(0, (long)target!["unexpected"]!));
        Assert.True((double)targets[1]!["toFirst"]!["ratio"]! > 0);
        Assert.True((double)targets[1]!["memory"]!["peakMegabytes"]! > 1);
        Assert.Null(targets[1]!["garbageCollections"]);
    }

    [Theory]
    [InlineData("echo \"missing: No module\"", ExitCode.WrongUsage, "cannot import kademlia (No module)", "-m pip install kademlia")]
    [InlineData("exit 1", ExitCode.Failed, "did not start", "")]
    [InlineData(null, ExitCode.WrongUsage, "which cannot be started", "that can import kademlia")]
    public async Task An_interpreter_that_does_not_do_is_named_with_what_it_lacks(string? script, int exitCode, string words, string advice)
    {
        var interpreter = script is null ? "no/such/python" : await WriteAsync(script);
        var run = await RunAsync(interpreter);

        Assert.Equal(exitCode, run.ExitCode);
        string[] parts = [$"--python is '{interpreter}'", words, advice];
        Assert.All(parts, part => Assert.Contains(part, run.Error, StringComparison.Ordinal));
    }

    private static Task<LabRun> RunAsync(string interpreter)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "kad-lab bench runs on Linux alone");
        return LabRun.RunAsync([.. Small.Split(' '), interpreter]);
    }

    private async Task<string> WriteAsync(string script)
    {
        var path = Path.Combine(Folder, "python");
        await File.WriteAllTextAsync(path, $"#!/bin/sh\n{script}\n");
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
