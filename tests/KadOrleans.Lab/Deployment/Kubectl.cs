namespace KadOrleans.Lab;

/// <summary>The command that renders kustomizations, where it is installed.</summary>
public static class Kubectl
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    public static string Kustomize(string folder) => Run("kubectl", string.Empty, "kustomize", folder);

    /// <summary>What a script of the repository that fills an overlay in renders.</summary>
    public static string Render(string script) => Run("bash", string.Empty, Repository.Path(script), "--render");

    /// <summary>What a program writes, which must succeed.</summary>
    internal static string Run(string program, string input, params string[] args)
    {
        var (exitCode, output, errors) = End(program, input, args);
        return exitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', args)} failed: {output}{errors}");
    }

    internal static (int ExitCode, string Output, string Errors) End(string program, string input, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(Longest), $"{program} did not end.");
        return (process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
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

    private static readonly string[] SchemaLocation =
        Environment.GetEnvironmentVariable("KAD_TEST_KUBERNETES_SCHEMAS") is { Length: > 0 } location ? ["-schema-location", location] : [];

    /// <summary>Throws with its findings if it has any.</summary>
    public static void Check(string manifests, string release) =>
        Kubectl.Run("kubeconform", manifests, ["-strict", "-summary", "-kubernetes-version", release, .. SchemaLocation, "-"]);
}
