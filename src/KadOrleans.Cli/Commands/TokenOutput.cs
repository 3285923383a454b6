namespace KadOrleans.Cli;

/// <summary>Writes a token into a new file of its owner, and its hash into a file of tokens: both or neither.</summary>
public static class TokenOutput
{
    /// <summary>
    /// Adds a token. It is written before its hash, so that no hash is left of a token that nobody has, and after all that could refuse the hash
    /// was checked.
    /// </summary>
    /// <param name="setting">What names the file of tokens.</param>
    /// <param name="path">The file of tokens.</param>
    /// <param name="token">The token to add.</param>
    /// <param name="option">What names the new file.</param>
    /// <param name="output">The new file.</param>
    /// <param name="secret">What it gets.</param>
    /// <exception cref="CommandException">
    /// Neither file has it, as one of them cannot. Or the file of tokens may be written in part: then the new file has the token, and the
    /// file beside that of the tokens its hash.
    /// </exception>
    internal static void Add(
        string setting, string path, ApiToken token, string option, string output, string secret)
    {
        if (Path.GetFullPath(output) is var full && (full == Path.GetFullPath(path) || full == Path.GetFullPath(TokenFileWriter.NextOf(path))))
        {
            throw CommandException.WrongUsage(
                $"No token was made: {option} '{output}' is the file of {setting}, or the one beside it that its next content is written to; "
                + "a file of its own is needed.");
        }

        var isWritten = false;
        try
        {
            TokenFileWriter.Add(setting, path, token, makes: true, () =>
            {
                WriteNew(option, output, secret);
                isWritten = true;
            });
        }
        catch (TokenFileException e) when (e.IsPartial)
        {
            throw new CommandException(ExitCode.Failed, $"{e.Message} The token is in {option} '{output}'.", e);
        }
        catch (TokenFileException e)
        {
            if (isWritten)
            {
                File.Delete(output);
            }

            throw CommandException.WrongUsage(e.Message, e);
        }
    }

    private static void WriteNew(string option, string output, string secret)
    {
        try
        {
            PrivateFile.WriteNew(output, file => file.Write(Encoding.UTF8.GetBytes($"{secret}\n")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage(
                $"No token was made: {option} '{output}' must be a new file in a folder that can be written ({Phrases.Of(e.Message)}).", e);
        }
    }
}
