using System.Collections;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Npgsql;
using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>The database below Orleans' provider. Writes go through <see cref="StateWrites"/>.</summary>
internal sealed class StateDataSource(string connectionString, TimeProvider time) : DbDataSource
{
    private readonly StateWrites _writes = new(connectionString, time);

    public override string ConnectionString => connectionString;

    public static void Use(AdoNetGrainStorageOptions options, TimeProvider time)
    {
        if (options is { Invariant: "Npgsql", ConnectionString.Length: > 0 })
        {
            // The provider accepts either.
            options.DataSource = new StateDataSource(options.ConnectionString, time);
            options.ConnectionString = null;
        }
    }

    // The provider checks at its start that the source creates the driver's connections. It opens those of the method below.
    protected override DbConnection CreateDbConnection() => new NpgsqlConnection(connectionString);

    protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) =>
        new(new StateConnection(connectionString, _writes));
}

/// <summary>A connection for one command of the provider. It is opened if the command needs it: a write does not.</summary>
internal sealed class StateConnection(string connectionString, StateWrites writes) : DbConnection
{
    private readonly NpgsqlConnection _connection = new(connectionString);

    [AllowNull]
    public override string ConnectionString
    {
        get => _connection.ConnectionString;
        set => _connection.ConnectionString = value;
    }

    public override string Database => _connection.Database;

    public override string DataSource => _connection.DataSource;

    public override string ServerVersion => _connection.ServerVersion;

    public override ConnectionState State => _connection.State;

    public override void Open() => _connection.Open();

    public override void Close() => _connection.Close();

    public override void ChangeDatabase(string databaseName) => _connection.ChangeDatabase(databaseName);

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => _connection.BeginTransaction(isolationLevel);

    protected override DbCommand CreateDbCommand() => new StateCommand(_connection, writes);

    protected override void Dispose(bool disposing)
    {
        _connection.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A command of the provider, which runs all of them as readers.</summary>
internal sealed partial class StateCommand(NpgsqlConnection connection, StateWrites writes) : NpgsqlCommand(null, connection)
{
    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken)
    {
        if (Write().IsMatch(CommandText))
        {
            var timeout = TimeSpan.FromSeconds(CommandTimeout);
            return new VersionReader(await writes.WriteAsync(StateRow.Of(Parameters), timeout, cancellationToken).ConfigureAwait(false));
        }

        await Connection!.OpenAsync(cancellationToken).ConfigureAwait(false);
        return await base.ExecuteDbDataReaderAsync(behavior, cancellationToken).ConfigureAwait(false);
    }

    // The query that the provider has read from the database: this project's, or that of Orleans' scripts. Another query runs as it is.
    [GeneratedRegex(
        """
        ^\s* SELECT \s+ (newgrainstateversion|\*) \s+ FROM \s+ writetostorage \s*\(
        \s* @GrainIdHash, \s* @GrainIdN0, \s* @GrainIdN1, \s* @GrainTypeHash, \s* @GrainTypeString, \s* @GrainIdExtensionString,
        \s* @ServiceId, \s* @GrainStateVersion, \s* @PayloadBinary \s*\) [\s;]*$
        """,
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Write();
}

/// <summary>What the provider reads of a write: a row with the version.</summary>
internal sealed class VersionReader(int? version) : DbDataReader
{
    private bool _isRead;
    private bool _isClosed;

    public override int Depth => 0;

    public override int FieldCount => 1;

    public override bool HasRows => true;

    public override bool IsClosed => _isClosed;

    public override int RecordsAffected => -1;

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => GetValue(GetOrdinal(name));

    public override bool Read() => !_isRead && (_isRead = true);

    public override bool NextResult() => false;

    public override void Close() => _isClosed = true;

    public override string GetName(int ordinal) => "newgrainstateversion";

    public override int GetOrdinal(string name) => 0;

    public override object GetValue(int ordinal) => version is { } known ? known : DBNull.Value;

    public override int GetValues(object[] values)
    {
        values[0] = GetValue(0);
        return 1;
    }

    public override bool IsDBNull(int ordinal) => version is null;

    public override Type GetFieldType(int ordinal) => typeof(int);

    public override string GetDataTypeName(int ordinal) => "integer";

    public override int GetInt32(int ordinal) => (int)GetValue(ordinal);

    public override bool GetBoolean(int ordinal) => (bool)GetValue(ordinal);

    public override byte GetByte(int ordinal) => (byte)GetValue(ordinal);

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) => throw new NotSupportedException();

    public override char GetChar(int ordinal) => (char)GetValue(ordinal);

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) => throw new NotSupportedException();

    public override DateTime GetDateTime(int ordinal) => (DateTime)GetValue(ordinal);

    public override decimal GetDecimal(int ordinal) => (decimal)GetValue(ordinal);

    public override double GetDouble(int ordinal) => (double)GetValue(ordinal);

    public override float GetFloat(int ordinal) => (float)GetValue(ordinal);

    public override Guid GetGuid(int ordinal) => (Guid)GetValue(ordinal);

    public override short GetInt16(int ordinal) => (short)GetValue(ordinal);

    public override long GetInt64(int ordinal) => (long)GetValue(ordinal);

    public override string GetString(int ordinal) => (string)GetValue(ordinal);

    public override IEnumerator GetEnumerator() => new DbEnumerator(this);
}
