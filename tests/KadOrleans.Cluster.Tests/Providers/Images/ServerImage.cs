namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>
/// The image of a Dockerfile's last stage, by default server.Dockerfile's, with what this machine's .NET publishes and runs by in the place of the
/// build stage and of the base image, which only registries have. It, and containers of it, are in a folder of their own.
/// </summary>
internal sealed class ServerImage(string folder, string file = "server", string project = "KadOrleans.Server")
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>What the image is called.</summary>
    public string Name => $"localhost/{file}-under-test";

    // The runtime of Debian's podman where the kernel's control groups are of both kinds. Limits above the machine's own cannot be set.
    private string[] Engine =>
    [
        "--root", Path.Combine(folder, "storage"), "--runroot", Path.Combine(folder, "run"), "--storage-driver", "vfs", "--runtime", "runc",
    ];

    public async Task BuildAsync()
    {
        var context = Directory.CreateDirectory(Path.Combine(folder, "context")).FullName;
        await RunAsync(
            "dotnet", "publish", Repository.Path($"src/{project}"), "-c", Repository.Configuration, "--no-build", "-p:UseAppHost=false",
            "-o", Path.Combine(context, "app"));
        await CopyRootAsync(Path.Combine(context, "root"));
        Directory.CreateDirectory(Path.Combine(context, "data"));
        var stage = Repository.Read($"infra/docker/{file}.Dockerfile").Split("FROM ")[^1];
        await File.WriteAllTextAsync(
            Path.Combine(context, "Dockerfile"),
            "FROM scratch\nCOPY root /\nENV PATH=/usr/share/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1\n"
            + stage[stage.IndexOf('\n', StringComparison.Ordinal)..].Replace("COPY --from=build /app .", "COPY app .", StringComparison.Ordinal)
                .Replace("COPY --from=build --chown=1654:1654 /data /data", "COPY --chown=1654:1654 data /data", StringComparison.Ordinal));
        await PodmanAsync("build", "--quiet", "--format", "docker", "--tag", Name, context);
    }

    /// <summary>Starts a container as the manifests' security context, limits and volumes say, with an environment and what stands for
    /// Secrets.</summary>
    public Task<string> StartAsync(JsonNode pod, JsonNode container, IReadOnlyDictionary<string, string> environment, string secrets)
    {
        Assert.Equal(
            ("true", "false", "ALL"),
            (container.Text("securityContext.readOnlyRootFilesystem"), container.Text("securityContext.allowPrivilegeEscalation"),
                container.Text("securityContext.capabilities.drop.0")));
        var mounts = container.Entries("volumeMounts").SelectMany(mount =>
        {
            var volume = pod.Entries("volumes").Single(volume => volume.Text("name") == mount.Text("name"));
            return (string[])(volume.At("emptyDir") is not null
                ? ["--tmpfs", $"{mount.Text("mountPath")}:rw,mode=1777,size={volume.Text("emptyDir.sizeLimit")![..^1].ToLowerInvariant()}"]
                : ["--volume", $"{secrets}:{mount.Text("mountPath")}:ro"]);
        });
        return PodmanAsync([
            "run", "--detach", "--network", "host", "--read-only", "--read-only-tmpfs=false", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges",
            "--user", $"{pod.Text("securityContext.runAsUser")}:{pod.Text("securityContext.runAsGroup")}",
            "--memory", container.Text("resources.limits.memory")!.Replace("Gi", "g", StringComparison.Ordinal),
            "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096",
            "--tmpfs", "/data:rw,mode=1777",
            .. mounts,
            .. environment.SelectMany(one => (string[])["--env", $"{one.Key}={one.Value}"]),
            Name,
        ]);
    }

    public Task<string> PodmanAsync(params string[] arguments) => RunAsync("podman", [.. Engine, .. arguments]);

    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var deadline = new CancellationTokenSource(Longest);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode == 0
            ? (await output).Trim()
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await error}{await output}");
    }

    // The runtime that this test runs on, and the libraries that it and what is published load.
    private static async Task CopyRootAsync(string root)
    {
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var dotnet = Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."));
        var version = Path.GetFileName(runtime);
        string[] parts = ["dotnet", $"host/fxr/{version}", $"shared/Microsoft.NETCore.App/{version}", $"shared/Microsoft.AspNetCore.App/{version}"];
        foreach (var part in parts)
        {
            var target = Path.Combine(root, "usr/share/dotnet", part);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await RunAsync("cp", "-rL", Path.Combine(dotnet, part), target);
        }

        var loaded = await RunAsync(
            "sh",
            "-c",
            "ldd \"$0\"/dotnet \"$1\"/*.so 2>/dev/null; ls /usr/lib/*/libssl.so.3 /usr/lib/*/libcrypto.so.3 2>/dev/null || true", dotnet, runtime);
        foreach (var library in Regex.Matches(loaded, @"/\S+\.so[.\d]*").Select(match => match.Value).Where(File.Exists).Distinct())
        {
            if (library.StartsWith(dotnet, StringComparison.Ordinal))
            {
                continue;
            }

            var target = root + library;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(library, target, overwrite: true);
        }
    }
}
