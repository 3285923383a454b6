namespace KadOrleans.Hosting;

/// <summary>A server's own token in its data folder. It is new with each start and has all scopes: for whoever may read that folder.</summary>
public sealed class OwnToken(string folder)
{
    /// <summary>The file in the data folder. It has the token itself, so only the server's user may read it.</summary>
    public const string FileName = "http-token";

    private readonly (string Secret, ApiToken Token) _created = ApiToken.Create("data folder", ApiScope.All, ApiToken.MaxRate);

    public string Path { get; } = System.IO.Path.Combine(folder, FileName);

    /// <summary>What the server is told of it.</summary>
    public ApiToken Token => _created.Token;

    /// <summary>Replaces the file. Call it when no other process can use the data folder, as that one's token would be lost.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">It cannot be written.</exception>
    public void Write(string setting)
    {
        try
        {
            // A file that was there keeps its mode, so it goes first.
            File.Delete(Path);
            using var writer = new StreamWriter(PrivateFile.CreateNew(Path));
            writer.WriteLine(_created.Secret);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw KadSettings.Mistake($"{setting}: the token of the API cannot be written to '{Path}' ({Phrases.Of(e.Message)}).");
        }
    }

    /// <summary>Removes the file, which is of no use once the server has stopped. Never fails.</summary>
    public void Remove()
    {
        try
        {
            File.Delete(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start replaces it.
        }
    }
}
