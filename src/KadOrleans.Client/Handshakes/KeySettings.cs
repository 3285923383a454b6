using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Client;

/// <summary>How a key of the cluster is given: by its digits, or by a file that has them.</summary>
internal static class KeySettings
{
    public const string Gateway = "Kad:Cluster:GatewayKey";

    public const string GatewayFile = "Kad:Cluster:GatewayKeyFile";

    public const string SecondGateway = "Kad:Cluster:SecondGatewayKey";

    public const string Silo = "Kad:Cluster:SiloKey";

    public const string SiloFile = "Kad:Cluster:SiloKeyFile";

    public const string SecondSilo = "Kad:Cluster:SecondSiloKey";

    /// <summary>The names that the keys' files have in a data folder.</summary>
    public const string GatewayFileName = "gateway-key";

    public const string SiloFileName = "silo-key";

    // Above the digits and an end of line.
    private const int MostFileBytes = 256;

    private static readonly string[] All = [Gateway, GatewayFile, SecondGateway, Silo, SiloFile, SecondSilo];

    /// <summary>Refuses a setting whose name is nearly a key's: not read, it would leave a port without a key.</summary>
    /// <exception cref="OptionsValidationException">There is one; a sentence names it.</exception>
    public static void RefuseMisspelt<TOptions>(IConfiguration configuration)
    {
        string[] problems =
        [
            .. from setting in configuration.GetSection("Kad:Cluster").GetChildren()
               where !All.Contains(setting.Path, StringComparer.OrdinalIgnoreCase)
               let question = Suggestion.Question(setting.Path, All)
               where question.Length > 0
               select $"{setting.Path} is not a setting.{question}",
        ];
        if (problems.Length > 0)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(TOptions), problems);
        }
    }

    /// <summary>Returns the key; null if there is none, or if <paramref name="problem"/> says in one sentence what is wrong.</summary>
    /// <param name="text">The digits, or null or blank.</param>
    /// <param name="file">The file that has them, or null or blank.</param>
    /// <param name="setting">The name of the setting of the digits. That of the file's ends in <c>File</c>.</param>
    /// <param name="problem">What is wrong, without the secret.</param>
    public static ClusterKey? Read(string? text, string? file, string setting, out string? problem)
    {
        var hasFile = !string.IsNullOrWhiteSpace(file);
        problem = string.IsNullOrWhiteSpace(text) || !hasFile ? null : $"{setting} and {setting}File are both set; one of them is allowed.";
        if (problem is null && hasFile)
        {
            text = ReadFile(file!.Trim(), setting, out problem);
        }

        // An empty file is a mistake, and no port without a key.
        if (problem is not null || (!hasFile && string.IsNullOrWhiteSpace(text)))
        {
            return null;
        }

        problem = ClusterKey.FindProblem(text!.Trim(), hasFile ? $"{setting}File is {Quote(file!)}, whose text" : setting);
        return problem is null ? ClusterKey.Parse(text!.Trim()) : null;
    }

    private static string? ReadFile(string file, string setting, out string? problem)
    {
        problem = null;
        try
        {
            using var stream = File.OpenRead(file);
            var bytes = new byte[MostFileBytes];
            return System.Text.Encoding.ASCII.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            var why = e is FileNotFoundException or DirectoryNotFoundException ? "is not there" : $"cannot be read ({Phrases.OfFile(file, e)})";
            problem = $"{setting}File is {Quote(file)}, which {why}; a file with the 64 digits of the key is needed.";
            return null;
        }
    }

    private static string Quote(string text) => $"'{VisibleText.Excerpt(text)}'";
}
