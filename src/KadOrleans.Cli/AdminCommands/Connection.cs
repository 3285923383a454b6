using System.Security.Cryptography.X509Certificates;

namespace KadOrleans.Cli;

internal sealed class Connection
{
    public const string UrlVariable = "KAD_URL";

    public const string TokenVariable = "KAD_TOKEN";

    public const string AuthorityOption = "--ca-file";

    public const string AuthorityVariable = "KAD_CA_FILE";

    private const string DefaultUrl = "http://127.0.0.1:8080";

    private const int MaxTokenBytes = 4_096;

    private readonly Option<string?> _url = CommonOptions.Text(
        "--url", "URL", $"The HTTP address of a node or a silo. [default: that of --data, else {UrlVariable} of the environment, else {DefaultUrl}]");

    private readonly Option<string?> _tokenFile = CommonOptions.Text(
        "--token-file", "FILE", $"A file with the token, as 'kad token add' prints it. [default: {TokenVariable} of the environment has the token itself]");

    private readonly Option<string?> _data = CommonOptions.Text(
        "--data", "DIR", "The data folder of a node or a silo on this machine: its own token is there, and its URL.");

    private readonly Option<string?> _authority = CommonOptions.Text(
        AuthorityOption,
        "FILE",
        $"A PEM file of authorities that an https:// URL's certificate may be of. [default: {AuthorityVariable} of the environment, else the "
            + $"system's]");

    public Option[] All => [_url, _tokenFile, _data, _authority];

    public AdminClient Open(ParseResult parsed)
    {
        var (what, text) = parsed.GetValue(_url) is { } given ? ($"{_url.Name} is", given)
            : UrlOf(parsed.GetValue(_data)) is var (file, written) ? ($"{_data.Name}: '{file}' has", written)
            : ($"{UrlVariable} is", Environment.GetEnvironmentVariable(UrlVariable) is { Length: > 0 } set ? set : DefaultUrl);
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.AbsolutePath == "/"
            ? new AdminClient(url!, ReadToken(parsed), authorities: ReadAuthorities(parsed))
            : throw CommandException.WrongUsage($"{what} '{text}'; http://HOST:PORT or https://HOST:PORT is needed.");
    }

    // Null for a server that could not say it.
    private static (string File, string Url)? UrlOf(string? folder)
    {
        try
        {
            return folder is not null
                && Path.Combine(folder, OwnToken.UrlFileName) is var path
                && File.Exists(path)
                && File.ReadLines(path).FirstOrDefault() is { } url
                ? (path, url)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private X509Certificate2Collection? ReadAuthorities(ParseResult parsed)
    {
        var (name, file) = parsed.GetValue(_authority) is { } given ? (AuthorityOption, given)
            : (AuthorityVariable, Environment.GetEnvironmentVariable(AuthorityVariable));
        return string.IsNullOrEmpty(file)
            ? null
            : CertificateFile.ReadPem(name, file, Encoding.UTF8.GetString(CertificateFile.ReadBytes(name, file, "a PEM file of certificates")));
    }

    private string ReadToken(ParseResult parsed) => (parsed.GetValue(_tokenFile), parsed.GetValue(_data)) switch
    {
        ({ } file, null) => ReadFile("--token-file", file),
        (null, { } folder) => ReadOwn(folder),
        ({ } file, { } folder) => throw CommandException.WrongUsage($"Both --token-file '{file}' and --data '{folder}' are given; one of them is needed."),
        _ => Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 } token
            ? IsToken(token) ? token : throw CommandException.WrongUsage($"{TokenVariable} has no token; 'kad token add' prints one.")
            : throw CommandException.WrongUsage($"No token is given; --token-file, --data or {TokenVariable} of the environment is needed."),
    };

    // A header takes these characters alone.
    private static bool IsToken(string text) => text.Length > 0 && text.All(c => c is > ' ' and <= '~');

    private static string ReadOwn(string folder)
    {
        var path = Path.Combine(folder, OwnToken.FileName);
        try
        {
            // Its length says of a folder in its place that no file is there.
            File.OpenHandle(path).Dispose();
            return ReadFile("--data", path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CommandException.WrongUsage(
                $"--data: nothing that serves its API runs on '{folder}': "
                + (Directory.Exists(folder) ? $"it has no file '{OwnToken.FileName}'; " : "it is not there; ")
                + "'kad node --http' and a silo of one machine make it when they start.");
        }
        catch (UnauthorizedAccessException e)
        {
            throw CommandException.WrongUsage(
                $"--data: the token cannot be read from '{path}' ({Phrases.OfFile(path, e)}); the user of the node or silo may read it, or --token-file has another one.");
        }
    }

    private static string ReadFile(string option, string path)
    {
        try
        {
            var token = new FileInfo(path).Length <= MaxTokenBytes ? File.ReadAllText(path).Trim() : string.Empty;
            return IsToken(token)
                ? token
                : throw CommandException.WrongUsage($"{option}: '{path}' has no token; 'kad token add' prints one.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"{option}: the token cannot be read from '{path}' ({Phrases.OfFile(path, e)}).");
        }
    }
}
