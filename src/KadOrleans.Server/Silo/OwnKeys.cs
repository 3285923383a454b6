namespace KadOrleans.Server;

/// <summary>
/// The keys of a cluster of one silo, in its data folder: who may read that folder is an edge or a client of it. They are made at the first
/// start and stay.
/// </summary>
internal static class OwnKeys
{
    private const string NodesFile = "kad.db";

    /// <summary>Has the options name the files of the keys that no setting gives, and makes those that are missing.</summary>
    /// <exception cref="OptionsValidationException">A file cannot be written.</exception>
    public static void Provide(KadClusterOptions options, string folder)
    {
        if (File.Exists(Path.Combine(folder, NodesFile)))
        {
            // It is a node's, which storage refuses.
            return;
        }

        if (string.IsNullOrWhiteSpace(options.GatewayKey) && string.IsNullOrWhiteSpace(options.GatewayKeyFile))
        {
            options.GatewayKeyFile = Make(Path.Combine(folder, KeySettings.GatewayFileName));
        }

        if (string.IsNullOrWhiteSpace(options.SiloKey) && string.IsNullOrWhiteSpace(options.SiloKeyFile))
        {
            options.SiloKeyFile = Make(Path.Combine(folder, KeySettings.SiloFileName));
        }
    }

    private static string Make(string file)
    {
        if (File.Exists(file))
        {
            return file;
        }

        // Whole or not at all: an edge or another silo of this folder may read it at once.
        var made = $"{file}.{Path.GetRandomFileName()}";
        try
        {
            PrivateFile.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(file))!);
            PrivateFile.WriteNew(made, static created => created.Write(System.Text.Encoding.ASCII.GetBytes($"{ClusterKey.Create()}\n")));
            File.Move(made, file, overwrite: false);
        }
        catch (IOException) when (File.Exists(file))
        {
            // Another process was faster, and one of both will find the folder in use.
            File.Delete(made);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw KadSettings.Mistake(
                $"The data folder '{Path.GetDirectoryName(file)}' cannot be created or entered ({Phrases.Of(e.Message)}); choose a folder that this user may write to by Kad:Data.");
        }

        return file;
    }
}
